from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.spec.model import Scope

SPEC = '[app]\nid = "com.example.notes"\n[services.sync]\nentry = "notes.sync:Sync"\n'


@pytest.mark.parametrize("scope", ["user", "system"])
def test_desktop_prints_an_install_command_for_an_existing_file_per_system(
    scope: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bgsvc.toml").write_text(SPEC + f'[services.sync.desktop]\nscope = "{scope}"\n')

    done = CliRunner().invoke(main, ["desktop"])

    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["linux", "macos", "windows"]
    for words in lines:
        path = words[words.index("install") + 1].replace("\\", "/")
        assert (tmp_path / path).is_file()
    assert ["sudo" in words for words in lines[:2]] == [scope == "system"] * 2
    assert ("administrator" in done.stdout) == (scope == "system")


def test_install_command_quotes_the_path_for_its_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bgsvc.toml").write_text(SPEC)

    done = CliRunner().invoke(main, ["desktop", "--out", "a b", "--os", "linux", "--os", "windows"])

    assert done.stdout.splitlines() == [
        "linux     python -m bgsvc install 'a b/linux/com.example.notes.sync.service'",
        'windows   python -m bgsvc install "a b\\windows\\com.example.notes.sync.task.xml"',
    ]


def test_dry_run_prints_no_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bgsvc.toml").write_text(SPEC)

    done = CliRunner().invoke(main, ["desktop", "--dry-run"])

    assert "bgsvc install" not in done.output
