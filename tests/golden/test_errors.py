"""Every error case is a folder: the files a command starts with, the command, and its output.

The cases lie in `errors/<area>/<case>/`. The areas:

| area | errors about |
|---|---|
| `spec` | the file, its TOML, and keys that concern every platform |
| `android`, `ios`, `desktop` | one platform's keys and files, and its warnings |
| `cli` | options and arguments |
| `output` | the output folder: drift, files in the way, permissions |
| `init` | the starter app |

`case.toml` holds `args`, `exit` and how to prepare the folder: `generate = true` generates the
files of its spec, `write` writes text files, `link` makes symbolic links, and `read_only` removes
the write permission, in the order given. A case without `case.toml` runs `bgsvc-gen all` and
expects exit status 2. `stdout.txt` and `stderr.txt` hold the expected output; an absent one stands
for no output. The command must leave the folder unchanged, to the byte.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner

from bgsvc_gen.cli import main

ERRORS = Path(__file__).parent / "errors"
AREAS = {"spec", "android", "ios", "desktop", "cli", "output", "init"}
CASES = sorted(path for path in ERRORS.glob("*/*") if path.is_dir())
EXPECTED = {"stdout.txt", "stderr.txt", "case.toml"}


@dataclass(frozen=True)
class Case:
    args: list[str] = field(default_factory=lambda: ["all"])
    exit: int = 2
    generate: bool = False
    write: dict[str, str] = field(default_factory=dict[str, str])
    link: dict[str, str] = field(default_factory=dict[str, str])
    read_only: list[str] = field(default_factory=list[str])


def read_case(folder: Path) -> Case:
    path = folder / "case.toml"
    return Case(**tomli.loads(path.read_text(encoding="utf-8"))) if path.exists() else Case()


def prepare(folder: Path, case: Case, here: Path) -> None:
    shutil.copytree(folder, here, ignore=shutil.ignore_patterns(*EXPECTED), dirs_exist_ok=True)
    if case.generate:
        assert CliRunner().invoke(main, ["all"]).exit_code == 0
    for name, text in case.write.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, encoding="utf-8")
    for name, target in case.link.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).symlink_to(target)
    for name in case.read_only:
        (here / name).mkdir(parents=True, exist_ok=True)
        (here / name).chmod(0o555)


def snapshot(here: Path) -> dict[str, Any]:
    return {
        path.relative_to(here).as_posix(): (
            str(path.readlink())
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else None
        )
        for path in here.rglob("*")
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for folder in [path for path in tmp_path.rglob("*") if path.is_dir() and not path.is_symlink()]:
        folder.chmod(0o755)


@pytest.fixture
def mode_bits_bind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a folder's missing write bits bind root too, as they bind every other user."""
    real_access = os.access

    def access(path: Path, mode: int, **options: bool) -> bool:
        is_forbidden = mode & os.W_OK and not path.stat().st_mode & 0o222
        return not is_forbidden and real_access(path, mode, **options)

    monkeypatch.setattr(os, "access", access)


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions are POSIX here")
@pytest.mark.usefixtures("mode_bits_bind")
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_error_is_reported_as_recorded_and_changes_no_file(
    folder: Path,
    here: Path,
    request: pytest.FixtureRequest,
) -> None:
    case = read_case(folder)
    prepare(folder, case, here)
    before = snapshot(here)

    result = CliRunner().invoke(main, case.args, prog_name="bgsvc-gen")

    assert result.exception is None or isinstance(result.exception, SystemExit)  # no traceback
    streams = {"stdout.txt": result.stdout, "stderr.txt": result.stderr}
    output = {name: text.replace(str(here), "HERE") for name, text in streams.items() if text}
    if request.config.getoption("--update-golden"):
        for name in ("stdout.txt", "stderr.txt"):
            (folder / name).unlink(missing_ok=True)
        for name, text in output.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    expected = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in ("stdout.txt", "stderr.txt")
        if (folder / name).exists()
    }
    assert output == expected
    assert result.exit_code == case.exit
    assert snapshot(here) == before


def test_every_case_lies_in_an_area() -> None:
    assert {path.name for path in ERRORS.iterdir()} == AREAS
    assert all(any(folder.glob("std*.txt")) for folder in CASES)
