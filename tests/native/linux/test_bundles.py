"""Services of apps that are one file, under a systemd that has booted.

PyInstaller really packs the app. No tool here makes an AppImage: a script does what its runtime
does when it unpacks itself, which is what our units ask for.
"""

import shutil
from pathlib import Path

import pytest

from tests.native.cache import cache
from tests.native.linux.box import until
from tests.native.linux.frozen import PyInstallerUnavailableError, frozen_app
from tests.native.linux.machine import LABEL, UNIT, Machine, service
from tests.native.provision import lacks

pytestmark = pytest.mark.native


@pytest.fixture(scope="session")
def packed() -> Path:
    """Give an app that PyInstaller has packed."""
    try:
        return frozen_app(cache())
    except PyInstallerUnavailableError as error:
        lacks(str(error))


def put(machine: Machine, file: Path, place: str) -> str:
    """Put a program on the machine, as its user does who has downloaded it."""
    shutil.copy(file, machine.folder / "program")
    machine.box.run("install", "-m", "755", "/run/share/program", place)
    return place


def lives(machine: Machine, program: str) -> None:
    """See a service installed by a program, started as that program, asked, and ended."""
    path = machine.generate(service("Obedient", start_on_boot=True))
    machine.box.run(program, "-m", "bgsvc", "install", path, "--now")
    until(lambda: machine.status()["ipcConnected"], "its channel, which opens beside the start")
    running = machine.status()
    children = machine.box.run("pgrep", "-P", str(running["pid"])).stdout.split()

    assert (running["state"], running["text"], running["enabled"]) == ("running", "running", True)
    assert running["findings"] == []
    assert running["pid"] == int(machine.box.show(UNIT, "MainPID")["MainPID"])
    assert children  # Python is the child of what systemd started
    assert program in machine.box.show(UNIT, "ExecStart")["ExecStart"]

    machine.box.run(program, "-m", "bgsvc", "stop", LABEL)
    said = machine.box.journal(LABEL)
    ended = machine.status()

    assert "shut down: processExit" in said
    assert (ended["state"], ended["pid"]) == ("installed", None)
    for child in children:
        assert machine.box.run("test", "-e", f"/proc/{child}", check=False).returncode == 1


def test_an_app_that_pyinstaller_packed_is_what_its_service_starts(
    machine: Machine, packed: Path
) -> None:
    program = put(machine, packed, "/opt/Notes & Co")

    lives(machine, program)

    machine.box.run(program, "-m", "bgsvc", "uninstall", LABEL)
    assert machine.status()["state"] == "notInstalled"


def test_an_appimage_is_what_its_service_starts_and_not_what_it_unpacked(machine: Machine) -> None:
    image = Path(__file__).parent / "bundles/image.sh"
    program = put(machine, image, "/opt/Notes 1.0.AppImage")

    lives(machine, program)

    assert machine.box.show(UNIT, "CanReload") == {"CanReload": "no"}  # a signal would end it
    machine.box.run(program, "-m", "bgsvc", "uninstall", LABEL)
    assert machine.status()["state"] == "notInstalled"
