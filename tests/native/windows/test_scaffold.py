"""The app that `bgsvc-gen init` starts, from nothing to a service that outlives a reboot."""

import shutil
from pathlib import Path

import pytest

from tests.native.starter import LABEL, start_app
from tests.native.windows.machine import Machine, eventually
from tests.native.windows.winebox import windows_path

pytestmark = pytest.mark.native


def test_the_scaffolds_service_runs_after_a_reboot_and_leaves_nothing_behind(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scaffold(machine, tmp_path, monkeypatch)
    installed = machine.done("install", file, "--now")

    machine.reboot()
    assert eventually(lambda: machine.done("status", LABEL)["state"] == "running")
    again = machine.done("status", LABEL)
    log = machine.bgsvc("logs", LABEL).stdout
    gone = machine.done("uninstall", LABEL)

    assert (installed["state"], installed["enabled"], again["enabled"]) == ("running", True, True)
    assert again["since"] > installed["since"]
    assert (installed["findings"], again["findings"]) == ([], [])
    assert log.count("started") == 2
    assert gone["state"] == "notInstalled"
    assert left_behind(machine) == []


def scaffold(machine: Machine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Start an app, install it on the machine; return its service's file."""
    app = start_app(folder, "windows", monkeypatch)
    shutil.copytree(app / "notes", machine.packages / "notes")
    return windows_path(app / f"native/bgsvc/windows/{LABEL}.winsw.xml")


def left_behind(machine: Machine) -> list[str]:
    """Return the keys of the registry and the files that still name the service."""
    keys = machine.box.run("reg.exe", "query", "HKLM\\SYSTEM", "/s").stdout
    found = [line for line in keys.splitlines() if LABEL in line]
    names = [path.as_posix() for path in machine.box.drive.rglob(f"*{LABEL}*")]
    processes = machine.box.run("wmic.exe", "process", "get", "commandline").stdout
    return [*found, *names, *(line for line in processes.splitlines() if "notes" in line)]
