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


@on_both_systemds
def test_a_credential_reaches_its_service_and_nobody_else(machine: Machine) -> None:
    secret = b"100% \x00\xff secret\n"
    (machine.folder / "token").write_bytes(secret)
    machine.box.run("mkdir", "-p", "/etc/credstore")
    machine.box.run("install", "-m", "600", "/run/share/token", "/etc/credstore/notes-token")
    entrusted = Desktop("system", credentials=("notes-token",))
    machine.install(service("Entrusted", desktop=entrusted), "--now")

    found = machine.read_json(f"/var/lib/private/{LABEL}/services/sync/told.json")
    seen = machine.box.run("cat", f"{found['folder']}/notes-token", user=USER, check=False)
    machine.bgsvc("stop", LABEL)

    assert found["told"] == [secret.hex(), None, None]
    assert "Permission denied" in seen.stderr
    assert machine.box.run("test", "-e", found["folder"], check=False).returncode == 1
    machine.box.run("rm", "/etc/credstore/notes-token")


def test_a_relaxed_sandbox_lets_through_what_was_asked_for(machine: Machine) -> None:
    relaxed = Desktop("system", user=USER, relax=("home", "proc", "filesystem"))
    machine.install(service("Prober", desktop=relaxed), "--now")

    found = machine.read_json(f"/var/lib/{LABEL}/services/sync/probe.json")

    assert found["processes"] > 1
    assert found["/usr"] in {"OSError", "PermissionError"}
    assert found["status"]["Uid"].split()[0] == machine.box.run("id", "-u", USER).stdout.strip()
