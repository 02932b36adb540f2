"""What a service may do under a systemd that has booted."""

import pytest

from bgsvc_gen.spec.model import Desktop
from tests.native.linux.machine import LABEL, USER, Machine, on_both_systemds, service

pytestmark = pytest.mark.native


@on_both_systemds
def test_a_system_service_is_in_its_sandbox(machine: Machine) -> None:
    machine.install(service("Prober"), "--now")

    found = machine.read_json(f"/var/lib/private/{LABEL}/services/sync/probe.json")

    writable = {place for place, came in found.items() if came == "written"}
    assert writable == {"/tmp", f"/var/lib/{LABEL}/services/sync"}  # noqa: S108 - its own
    status = found["status"]
    assert (status["NoNewPrivs"], status["Seccomp"], int(status["CapBnd"], 16)) == ("1", "2", 0)
    assert "0" not in status["Uid"].split()
    assert found["processes"] == 1


def test_a_relaxed_sandbox_lets_through_what_was_asked_for(machine: Machine) -> None:
    relaxed = Desktop("system", user=USER, relax=("home", "proc", "filesystem"))
    machine.install(service("Prober", desktop=relaxed), "--now")

    found = machine.read_json(f"/var/lib/{LABEL}/services/sync/probe.json")

    assert found["processes"] > 1
    assert found["/usr"] in {"OSError", "PermissionError"}
    assert found["status"]["Uid"].split()[0] == machine.box.run("id", "-u", USER).stdout.strip()
