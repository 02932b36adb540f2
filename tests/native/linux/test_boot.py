"""Services through reboots, and under a user who is not logged in."""

from dataclasses import replace

import pytest

from bgsvc_gen.spec.model import Desktop
from tests.native.linux.box import until
from tests.native.linux.machine import LABEL, UNIT, USER, Machine, on_both_systemds, service

pytestmark = pytest.mark.native

LATE = "com.example.notes.late"


def began(machine: Machine, what: str, *unit: str) -> float:
    """Return the second of the machine's clock in which a unit, or the manager itself, began."""
    name = f"{what}TimestampMonotonic"
    return int(machine.box.run("systemctl", "show", "--value", f"-p{name}", *unit).stdout) / 1e6


@on_both_systemds
def test_p09_p01_a_reboot_brings_back_what_is_wanted_and_leaves_off_what_is_not(
    machine: Machine, lingering: str
) -> None:
    machine.install(service("Obedient", start_on_boot=True), "--now")
    mine = service("Obedient", scope="user", start_on_boot=True)
    machine.install(mine, "--now", user=lingering)
    delayed = service("Obedient", "late", desktop=Desktop("system", start_delay=1.5))
    machine.install(replace(delayed, start_on_boot=True))
    late = machine.status(LATE)
    first = machine.box.show(UNIT, "InvocationID")

    machine.box.reboot()

    until(lambda: machine.status()["state"] == "running", "the system service is back")
    until(
        lambda: machine.status(LABEL, "user", lingering)["state"] == "running",
        "the user's service is back, without a login",
    )
    until(lambda: machine.status(LATE)["state"] == "running", "the delayed service")
    assert (late["state"], late["enabled"], late["findings"]) == ("installed", True, [])
    waited = began(machine, "ExecMainStart", f"{LATE}.service") - began(machine, "Userspace")
    assert waited > 1.5
    assert machine.box.show(UNIT, "InvocationID") != first
    machine.bgsvc("stop", "trials.services:Obedient", "--name=late", f"--data-dir=/var/lib/{LATE}")
    machine.bgsvc("stop", "trials.services:Obedient", "--name=sync", f"--data-dir=/var/lib/{LABEL}")
    until(lambda: machine.status()["state"] == "installed", "its user stopped it")

    machine.box.reboot()

    until(lambda: machine.status()["detail"] == "inactive (dead)", "it stays off")
    until(lambda: "off" in machine.box.show(f"{LATE}.service", "StatusText")["StatusText"], "off")
    assert "off: its user stopped it" in machine.box.show(UNIT, "StatusText")["StatusText"]
    machine.bgsvc("start", LABEL)
    assert machine.status()["state"] == "running"  # a start that somebody asked for counts


def test_a_user_who_does_not_linger_is_told_so(machine: Machine, lingering: str) -> None:
    machine.install(service("Obedient", scope="user", start_on_boot=True), user=lingering)
    codes = [one["code"] for one in machine.status(LABEL, "user", lingering)["findings"]]
    assert codes == []

    machine.box.run("rm", f"/var/lib/systemd/linger/{lingering}")
    status = machine.status(LABEL, "user", lingering)

    assert status["lingering"] is False
    (finding,) = status["findings"]
    assert (finding["code"], finding["fix"]) == ("not_lingering", "loginctl enable-linger")
    machine.box.run("touch", f"/var/lib/systemd/linger/{lingering}")


def test_p12_a_service_at_boot_needs_no_display_no_terminal_and_no_session(
    machine: Machine, lingering: str
) -> None:
    machine.install(service("Prober", scope="user"), "--now", user=lingering)

    found = machine.read_json(
        f"/home/{USER}/.local/state/com.example.notes/services/sync/probe.json"
    )

    assert found["display"] == []
    assert found["terminal"] is False
