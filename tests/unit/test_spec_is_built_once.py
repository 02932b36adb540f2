"""Each command reads its spec from disk once, and checks it once."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import COMMANDS, main
from bgsvc_gen.spec import load, source

SPEC = """
[app]
id = "com.example.notes"

[services.sync]
entry = "notes.sync:SyncService"
ios.refresh = {}
"""
READING = {
    "android": ["android"],
    "android with a type": ["android", "--type", "dataSync"],
    "ios": ["ios"],
    "ios with a property list": ["ios", "--apply-plist", "Info.plist"],
    "desktop": ["desktop"],
    "desktop as JSON": ["desktop", "--format", "json"],
    "desktop dry run": ["desktop", "--dry-run"],
    "all": ["all"],
    "all checked": ["all", "--check"],
    "all compared": ["all", "--diff"],
    "check": ["check"],
    "diff": ["diff"],
    "plan": ["plan"],
    "explain": ["explain"],
    "doctor android": ["doctor", "android", "AndroidManifest.xml"],
    "doctor ios": ["doctor", "ios", "Info.plist"],
}
NOT_READING = {
    "init": ["init", "app", "--no-input"],
    "types": ["types"],
    "schema": ["schema"],
}
CALLS = READING | NOT_READING
PLIST = '<?xml version="1.0"?><plist version="1.0"><dict/></plist>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Info.plist").write_text(PLIST, encoding="utf-8")
    (tmp_path / "AndroidManifest.xml").write_text("<manifest/>", encoding="utf-8")
    return tmp_path


def count_calls(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[object]:  # noqa: ANN401 - any module
    """Return a list to which each call of `module.name` appends its first argument."""
    calls: list[object] = []
    function = getattr(module, name)

    def count_and_call(*arguments: object) -> object:
        calls.append(arguments[0])
        return function(*arguments)

    monkeypatch.setattr(module, name, count_and_call)
    return calls


@pytest.mark.parametrize("place", ["bgsvc.toml", "pyproject.toml"])
@pytest.mark.parametrize("call", CALLS)
def test_spec_is_read_and_built_once(
    call: str, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPEC if place == "bgsvc.toml" else SPEC.replace("\n[", "\n[tool.bgsvc.")
    (folder / place).write_text(text, encoding="utf-8")
    checks = count_calls(monkeypatch, load, "check_rules")
    reads = count_calls(monkeypatch, source, "_read_text")

    result = CliRunner().invoke(main, CALLS[call])

    expected = 1 if call in READING else 0
    assert result.exit_code in {0, 1}, result.output
    assert len(checks) == expected
    assert len(reads) == expected


def test_every_command_is_counted() -> None:
    assert {arguments[0] for arguments in CALLS.values()} == set(COMMANDS)
