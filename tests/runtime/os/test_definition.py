"""Which scope a generated file is for, on each system: the file says, whatever is asked."""

import sys
from pathlib import Path

import pytest

from bgsvc import Scope
from bgsvc._os.definition import read_definition
from bgsvc._os.errors import DefinitionError
from bgsvc._os.systemd import reading
from bgsvc._os.windows import program

GOLDEN = Path(__file__).parents[2] / "golden" / "cases" / "desktop"
FILES = {
    ("linux", Scope.USER): "linux/com.example.notes.agent.service",
    ("linux", Scope.SYSTEM): "linux/com.example.notes.own.service",
    ("darwin", Scope.USER): "macos/LaunchAgents/com.example.notes.agent.plist",
    ("darwin", Scope.SYSTEM): "macos/LaunchDaemons/com.example.notes.own.plist",
    ("win32", Scope.USER): "windows/com.example.notes.agent.task.xml",
    ("win32", Scope.SYSTEM): "windows/com.example.notes.own.winsw.xml",
}
OTHER = {Scope.USER: Scope.SYSTEM, Scope.SYSTEM: Scope.USER}
EACH_FILE = pytest.mark.parametrize(("platform", "scope"), FILES)


def reach_everything(*_: object) -> None:
    """Accept every path of a unit, wherever the machine's own service manager could read it."""


@pytest.fixture
def generated(platform: str, scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a generated file, in a folder of the same name, on the system it is for."""
    source = GOLDEN / FILES[platform, scope]
    path = tmp_path / source.parent.name / source.name
    path.parent.mkdir()
    path.write_bytes(source.read_bytes())
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(reading, "_check_reach", reach_everything)
    for words in ("service_words", "task_words"):
        monkeypatch.setattr(program, words, lambda: (sys.executable,))
    return path


@EACH_FILE
def test_file_with_its_own_name_has_the_scope_it_was_generated_for(
    scope: Scope, generated: Path
) -> None:
    for requested in (None, scope):
        service = read_definition(str(generated), requested)
        assert (service.scope, bool(service.program)) == (scope, True)


@EACH_FILE
def test_renamed_file_is_refused_for_its_name_and_not_for_its_scope(
    platform: str, scope: Scope, generated: Path
) -> None:
    renamed = generated.rename(generated.with_name(f"renamed{generated.suffix}"))
    if platform == "win32":  # a task and a service have their names inside
        assert read_definition(str(renamed)).scope is scope
        return
    with pytest.raises(DefinitionError, match="is named by its file") as caught:
        read_definition(str(renamed))
    assert f"rename the file to {generated.name}" in caught.value.fix
    assert "--scope" not in caught.value.fix


@EACH_FILE
def test_request_for_the_other_scope_is_refused_with_the_right_one(
    scope: Scope, generated: Path
) -> None:
    with pytest.raises(DefinitionError, match=f"is for the {scope.value} scope") as caught:
        read_definition(str(generated), OTHER[scope])
    assert f"--scope={scope.value}" in caught.value.fix


@EACH_FILE
def test_file_that_is_missing_or_a_folder_cannot_be_read(generated: Path) -> None:
    for path in (generated.with_name("missing"), generated.parent):
        with pytest.raises(DefinitionError, match="cannot be read") as caught:
            read_definition(str(path))
        assert str(path) in caught.value.message
        assert "bgsvc-gen desktop" in caught.value.fix


@EACH_FILE
def test_file_that_bgsvc_gen_did_not_write_is_refused_by_its_path(generated: Path) -> None:
    for content in (b"", b"[Service]\nExecStart=/bin/true\n", b"<Task/>", b"\x00\xff\xfe"):
        generated.write_bytes(content)
        with pytest.raises(DefinitionError) as caught:
            read_definition(str(generated))
        assert str(generated) in caught.value.message
        assert "--scope" not in caught.value.fix
