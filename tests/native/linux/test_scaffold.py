"""The app that `bgsvc-gen init` starts, from nothing to a service that outlives a reboot."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main
from tests.native.linux.box import until
from tests.native.linux.machine import FOLDER, Machine, on_both_systemds

pytestmark = pytest.mark.native

LABEL = "com.example.notes.heartbeat"
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
    """Start an app, let its service start with the machine, copy it there; return its unit."""
    app = folder / "notes"
    monkeypatch.chdir(folder)
    run("init", "notes", "--no-input", "--id", "com.example.notes")
    spec = app / "bgsvc.toml"
    text = spec.read_text(encoding="utf-8")
    for before, after in (
        ('\nscope = "user"', '\nscope = "system"'),
        ("\nstop_timeout =", "\nstart_on_boot = true\nstop_timeout ="),
        ('["dataSync"]', '["remoteMessaging"]'),  # Android starts no dataSync at boot
    ):
        assert before in text
        text = text.replace(before, after)
    spec.write_text(text, encoding="utf-8")
    monkeypatch.chdir(app)
    run("desktop", "--os", "linux")
    there = machine.folder / "com.example.app"
    shutil.copytree(app, there)
    machine.box.run("sh", "-c", f"cp -r /run/share/{there.name}/notes {FOLDER}/lib/python3*/*")
    return f"/run/share/{there.name}/native/bgsvc/linux/{UNIT}"


def run(*words: str) -> None:
    """Run `bgsvc-gen`."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
