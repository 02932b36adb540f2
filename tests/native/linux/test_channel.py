"""The control channel of services that a booted systemd runs: whose it is, and who may talk."""

import pytest

from tests.native.linux.box import until
from tests.native.linux.machine import LABEL, PYTHON, USER, Machine, on_both_systemds, service

pytestmark = pytest.mark.native

ASK = """
import bgsvc, sys
try:
    with bgsvc.connect("sync", app="com.example.notes", scope=sys.argv[1]) as service:
        print(service.state().state)
except bgsvc.BackgroundServiceError as error:
    print(error.code)
"""


def ask(machine: Machine, scope: str, user: str | None = None) -> str:
    """Return the state that a client is told, or the code of its error."""
    return machine.box.run(PYTHON, "-c", ASK, scope, user=user).stdout.strip()


@on_both_systemds
def test_root_reaches_a_system_service_and_another_user_does_not(machine: Machine) -> None:
    machine.install(service("Obedient"), "--now")

    until(lambda: machine.status()["ipcConnected"], "its channel, which opens beside the start")
    assert ask(machine, "system") == "running"
    assert ask(machine, "system", USER) == "permissionDenied"
    folder = machine.box.run("stat", "-c", "%a", f"/run/{LABEL}").stdout.strip()
    assert folder == "700"


def test_a_users_service_is_reached_by_its_user(machine: Machine, lingering: str) -> None:
    machine.install(service("Obedient", scope="user"), "--now", user=lingering)

    until(lambda: machine.status(LABEL, "user", lingering)["ipcConnected"], "its channel")
    assert ask(machine, "user", lingering) == "running"
    assert ask(machine, "user") == "ipc"  # root has services of its own


def test_p08_a_second_daemon_fails_loudly_and_the_first_keeps_its_channel(
    machine: Machine, lingering: str
) -> None:
    machine.install(service("Obedient", scope="user"), "--now", user=lingering)
    pid = machine.status(LABEL, "user", lingering)["pid"]

    words = ["run", "trials.services:Obedient", "--name=sync", "--app=com.example.notes"]
    done = machine.bgsvc(*words, user=lingering, check=False)

    assert done.returncode == 2
    assert "alreadyRunning: sync of the app com.example.notes is running already" in done.stderr
    assert f"in process {pid}" in done.stderr
    assert machine.status(LABEL, "user", lingering)["pid"] == pid
    assert ask(machine, "user", lingering) == "running"


def test_a_channels_folder_that_others_may_enter_is_found_out(machine: Machine) -> None:
    machine.install(service("Obedient"), "--now")
    machine.box.run("chmod", "755", f"/run/{LABEL}")

    assert machine.findings() == {"channel_folder"}


def test_a_look_at_the_set_up_asks_the_service_manager_too(machine: Machine) -> None:
    words = ["validate", "trials.services:Obedient", "--name=sync", "--app=com.example.notes"]
    assert machine.bgsvc(*words).returncode == 0

    machine.install(service("Obedient"))
    machine.box.run(
        "sed", "-i", "s,/opt/notes/bin,/opt/gone/bin,", f"/etc/systemd/system/{LABEL}.service"
    )
    done = machine.bgsvc(*words, check=False)

    assert done.returncode == 1
    assert "/opt/gone/bin/python, which the unit starts, is not there" in done.stdout
