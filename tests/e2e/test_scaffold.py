"""The starter app, used as its new owner would use it."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main

DEMO = Path(__file__).parents[2] / "tools/demo.py"


def call(*command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "notes"
    for directory, arguments in (
        (tmp_path, ["init", "notes", "--no-input", "--id", "com.example.notes"]),
        (folder, ["all"]),
    ):
        monkeypatch.chdir(directory)
        assert CliRunner().invoke(main, arguments).exit_code == 0
    return folder


def test_apps_own_test_checks_the_shims(app: Path) -> None:
    assert call("-m", "pytest", "-q", cwd=app).returncode == 0

    unit = app / "native/bgsvc/linux/com.example.notes.heartbeat.service"
    unit.write_text(unit.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    done = call("-m", "pytest", "-q", cwd=app)

    assert done.returncode == 1
    assert "hand-edited: linux/com.example.notes.heartbeat.service" in done.stdout


def test_second_run_writes_nothing(app: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in app.rglob("*")}

    done = call("-m", "bgsvc_gen", "all", cwd=app)

    assert done.stderr.startswith("up to date: ")
    assert {path: path.stat().st_mtime_ns for path in app.rglob("*")} == before


def test_type_option_is_written_to_the_spec(app: Path) -> None:
    spec = app / "bgsvc.toml"
    before = spec.read_text(encoding="utf-8")

    done = call("-m", "bgsvc_gen", "android", "--type", "location", cwd=app)

    assert done.returncode == 0, done.stderr
    assert spec.read_text(encoding="utf-8") == before.replace('["dataSync"]', '["location"]')
    assert call("-m", "bgsvc_gen", "check", cwd=app).returncode == 0


def test_dry_run_writes_nothing(app: Path) -> None:
    (app / "native/bgsvc/ios/Info.plist").unlink()
    before = {path: path.stat().st_mtime_ns for path in app.rglob("*")}

    for option, status in (("--dry-run", 0), ("--diff", 0), ("--check", 1)):
        done = call("-m", "bgsvc_gen", "all", option, cwd=app)
        assert done.returncode == status
        assert "ios/Info.plist" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in app.rglob("*")} == before


def test_force_overwrites_a_hand_edited_file(app: Path) -> None:
    unit = app / "native/bgsvc/linux/com.example.notes.heartbeat.service"
    unit.write_text("mine", encoding="utf-8")

    assert call("-m", "bgsvc_gen", "desktop", "--os", "linux", cwd=app).returncode == 2
    assert unit.read_text(encoding="utf-8") == "mine"
    assert call("-m", "bgsvc_gen", "desktop", "--os", "linux", "--force", cwd=app).returncode == 0
    assert call("-m", "bgsvc_gen", "check", cwd=app).returncode == 0


def test_demo_ends_with_the_services_goodbye() -> None:
    done = subprocess.run(
        [sys.executable, DEMO], capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"event": "goodbye"' in done.stdout
    assert '"event": "stopped"' in done.stdout


def test_runs_at_the_same_time_wait_for_each_other(app: Path) -> None:
    spec = app / "bgsvc.toml"
    text = spec.read_text(encoding="utf-8")
    for types in ("[]", '["location"]'):  # many files to delete, many to write
        spec.write_text(text.replace('["dataSync"]', types), encoding="utf-8")
        command = [sys.executable, "-m", "bgsvc_gen", "all"]
        runs = [subprocess.Popen(command, cwd=app, stderr=subprocess.PIPE) for _ in range(5)]
        outcomes = [(run.communicate()[1], run.returncode) for run in runs]

        assert [status for _, status in outcomes] == [0] * 5, outcomes
        assert call("-m", "bgsvc_gen", "check", cwd=app).returncode == 0
