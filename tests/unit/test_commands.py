"""Output of the commands, as text and as JSON."""

import codecs
import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bgsvc_gen.cli import COMMANDS, main

SPEC = """
[app]
id = "com.example.notes"

[services.sync]
entry = "notes.sync:SyncService"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bgsvc.toml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("command", [*COMMANDS, "doctor ios", "doctor android"])
def test_help_keeps_examples_on_separate_lines(command: str) -> None:
    help_text = call(*command.split(), "--help").stdout

    assert "Usage:" in help_text
    assert "\\b" not in help_text
    assert "\b" not in help_text


def test_next_steps_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    steps = call("init", "my app", "--no-input").stderr.partition("next:")[2].splitlines()

    assert shlex.split(steps[1]) == ["cd", "my app"]
    assert (tmp_path / "my app/bgsvc.toml").is_file()


def test_init_names_the_app_in_every_command(project: Path) -> None:
    stderr = call("init", "diary", "--no-input").stderr
    readme = (project / "diary/README.md").read_text(encoding="utf-8")

    assert "the app's id is org.example.diary" in stderr
    for text in (stderr, readme):
        command = next(line for line in text.splitlines() if "bgsvc run" in line)
        assert command.endswith("HeartbeatService --app org.example.diary")


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", ["check", "plan", "diff"])
def test_desktop_stands_for_three_targets(command: str) -> None:
    assert call("desktop").exit_code == 0
    result = call(command, "desktop")

    assert result.exit_code == 0, result.stderr
    if command == "plan":
        assert list(json.loads(result.stdout)) == ["linux", "macos", "windows"]


@pytest.mark.parametrize("command", ["desktop", "all", "ios", "android"])
def test_written_files_are_printed_as_json(project: Path, command: str) -> None:
    report = json.loads(call(command, "--format", "json").stdout)

    assert report["root"] == "native/bgsvc"
    wrote = [row["path"] for row in report["written"]]
    assert all((project / "native/bgsvc" / path).is_file() for path in wrote)
    assert bool(wrote) == (command in {"desktop", "all"})
    assert ("install" in report) == (command == "desktop")


@pytest.mark.parametrize("style", ["json", "github"])
def test_diff_is_printed_in_every_format(project: Path, style: str) -> None:
    call("desktop")
    unit = project / "native/bgsvc/linux/com.example.notes.sync.service"
    unit.write_text(unit.read_text(encoding="utf-8") + "Mine=yes\n", encoding="utf-8")

    output = call("diff", "--format", style).stdout

    if style == "json":
        [row] = json.loads(output)["drift"]
        assert "-Mine=yes" in row["diff"].splitlines()
    else:
        assert "%0A-Mine=yes" in output


def test_byte_order_mark_survives_an_edit(project: Path) -> None:
    spec = project / "bgsvc.toml"
    spec.write_text(SPEC, encoding="utf-8-sig")

    assert call("android", "--type", "dataSync").exit_code == 0
    content = spec.read_bytes()
    assert content.startswith(codecs.BOM_UTF8 + b"\n[app]")
    assert b"dataSync" in content


def test_read_only_spec_is_not_replaced(project: Path) -> None:
    spec = project / "bgsvc.toml"
    spec.chmod(0o444)

    result = call("android", "--type", "dataSync")

    assert result.exit_code == 2
    assert "bgsvc.toml is read-only" in result.stderr
    assert spec.read_text(encoding="utf-8") == SPEC
    assert not (project / "native").exists()
