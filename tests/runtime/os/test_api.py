import sys
from pathlib import Path

import pytest

from bgsvc import BackgroundServiceError, serve_if_asked
from bgsvc._cli.main import main
from bgsvc._os.program import current_program, shim_in


@pytest.fixture
def python(tmp_path: Path) -> Path:
    path = tmp_path / "python"
    path.write_text("")
    return path


def test_a_shim_is_found_through_links(tmp_path: Path, python: Path) -> None:
    shims = tmp_path / ".pyenv" / "shims"
    shims.mkdir(parents=True)
    (shims / "python3").write_text("#!/bin/sh\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "python").symlink_to("../.pyenv/shims/python3")

    assert shim_in(str(tmp_path / "venv" / "python")) is not None
    assert shim_in(str(python)) is None


def test_a_shim_is_no_program_for_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "shims" / "python"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\n")
    monkeypatch.setattr(sys, "executable", str(shim))

    with pytest.raises(BackgroundServiceError, match="is a shim") as caught:
        current_program()
    assert caught.value.code == "programUnfit"


def test_an_appimage_is_told_from_its_heirs(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, mounted = tmp_path / "notes.AppImage", tmp_path / "mounted"
    image.write_text("")
    mounted.mkdir()
    (mounted / "python").write_text("")
    monkeypatch.setenv("APPIMAGE", str(image))
    monkeypatch.setenv("APPDIR", str(mounted))

    monkeypatch.setattr(sys, "executable", str(mounted / "python"))
    inside = current_program()
    monkeypatch.setattr(sys, "executable", str(python))
    heir = current_program()

    assert (inside.kind, inside.path, inside.forks) == ("appimage", str(image), True)
    assert (heir.path, heir.forks) == (str(python), False)


def test_a_frozen_app_is_started_itself(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert (current_program().kind, current_program().path) == ("frozen", str(python))


def test_pipx_is_told_from_a_plain_environment(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    assert current_program().kind == "venv"
    (tmp_path / "pipx_metadata.json").write_text("{}")
    assert current_program().kind == "pipx"


@pytest.mark.parametrize("words", [["install"], ["status"], ["stop", "--scope=user"]])
def test_a_verb_without_its_service_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert f"{words[0]} needs a" in capsys.readouterr().err


def test_a_system_without_a_manager_we_know_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "sunos5")

    assert main(["status", "com.example.notes.sync"]) == 2
    assert "notSupported: bgsvc installs no user services on sunos5" in capsys.readouterr().err


def test_a_bundled_app_hands_our_command_line_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["notes", "--window"])
    serve_if_asked()  # not meant: returns
    monkeypatch.setattr(sys, "argv", ["notes", "-m", "bgsvc", "--help"])
    with pytest.raises(SystemExit) as ended:
        serve_if_asked()
    assert ended.value.code == 0


@pytest.mark.parametrize("word", ["install", "status", "start", "logs"])
def test_a_class_in_place_of_a_label_or_a_file_is_told_so(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word, "notes.heartbeat:HeartbeatService"]) == 2

    said = capsys.readouterr().err
    assert said.startswith(f"bgsvc: usage: {word} needs ")
    assert "names a class\n  fix: " in said
