"""The app that `bgsvc-gen init` starts, from nothing to a service that outlives a reboot."""

import shutil
from pathlib import Path

import pytest

from tests.native.linux.box import until
from tests.native.linux.machine import FOLDER, Machine, on_both_systemds
from tests.native.starter import LABEL, start_app

pytestmark = pytest.mark.native

UNIT = f"{LABEL}.service"


@on_both_systemds
def test_the_scaffolds_service_runs_after_a_reboot_and_leaves_nothing_behind(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = scaffold(machine, tmp_path, monkeypatch)
    machine.bgsvc("install", unit, "--now")
    first = machine.status(LABEL)

    machine.box.reboot()
    until(lambda: machine.status(LABEL)["state"] == "running", "it runs again")
    again = machine.status(LABEL)
    machine.bgsvc("uninstall", LABEL)

    assert (first["state"], first["enabled"], again["enabled"]) == ("running", True, True)
    assert again["since"] > first["since"]
    assert machine.status(LABEL)["state"] == "notInstalled"
    assert machine.box.show(UNIT, "LoadState")["LoadState"] == "not-found"
    found = machine.box.run("find", "/etc", "/run/systemd/system", "-name", f"*{LABEL}*").stdout
    assert found == ""
    assert machine.box.run("pgrep", "-f", "HeartbeatService", check=False).stdout == ""


def scaffold(machine: Machine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Start an app, copy it to the machine; return its unit."""
    app = start_app(folder, "linux", monkeypatch)
    there = machine.folder / "com.example.app"
    shutil.copytree(app, there)
    machine.box.run("sh", "-c", f"cp -r /run/share/{there.name}/notes {FOLDER}/lib/python3*/*")
    return f"/run/share/{there.name}/native/bgsvc/linux/{UNIT}"
