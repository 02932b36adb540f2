"""Every error case is a folder: what is there, the command, and what it says.

`case.toml` holds `args`, `exit`, and what to do to the folder first: `generate = true` writes the
files of its spec, `write` puts text into files, `link` makes symbolic links, `read_only` takes
away the right to write. A case without one runs `bgsvc-gen all` and expects status 2.
Whatever a command refuses must leave the folder as it was, to the byte.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli
from click.testing import CliRunner

from bgsvc_gen.cli import main

CASES = sorted(path for path in (Path(__file__).parent / "errors").iterdir() if path.is_dir())
EXPECTED = {"stdout.txt", "stderr.txt", "case.toml"}
NOBODY = 65534


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
    tmp_path.chmod(0o755)
    for folder in [path for path in tmp_path.rglob("*") if path.is_dir() and not path.is_symlink()]:
        folder.chmod(0o755)


@pytest.fixture
def unprivileged(here: Path) -> Iterator[Callable[[], None]]:
    """Give a way to become somebody whom file permissions bind, until the test ends."""
    user = os.geteuid()

    def drop() -> None:
        if user == 0:
            for path in [here, *here.parents]:
                if path.stat().st_uid == 0 and path != Path(path.anchor):
                    path.chmod(path.stat().st_mode | 0o055)
            os.seteuid(NOBODY)

    yield drop
    if user == 0:
        os.seteuid(user)


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions are POSIX here")
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_an_error_is_told_as_recorded_and_changes_nothing(
    folder: Path,
    here: Path,
    unprivileged: Callable[[], None],
    request: pytest.FixtureRequest,
) -> None:
    case = read_case(folder)
    prepare(folder, case, here)
    before = snapshot(here)
    if case.read_only:
        unprivileged()

    result = CliRunner().invoke(main, case.args, prog_name="bgsvc-gen")

    assert result.exception is None or isinstance(result.exception, SystemExit)  # no traceback
    told = {"stdout.txt": result.stdout, "stderr.txt": result.stderr}
    told = {name: text.replace(str(here), "HERE") for name, text in told.items() if text}
    if request.config.getoption("--update-golden"):
        if os.geteuid() != os.getuid():
            os.seteuid(os.getuid())
        for name in ("stdout.txt", "stderr.txt"):
            (folder / name).unlink(missing_ok=True)
        for name, text in told.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    expected = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in ("stdout.txt", "stderr.txt")
        if (folder / name).exists()
    }
    assert told == expected
    assert result.exit_code == case.exit
    assert snapshot(here) == before
