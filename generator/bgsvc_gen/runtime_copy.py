"""The copy of the runtime that a mobile project carries: one for all phones, with their rooms."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from bgsvc_gen.render import GeneratedFile
from bgsvc_gen.resources import runtime_root

PYTHON_SCOPE: Final = "python"
"""The folder of the copy, beside those of the targets."""

PYTHON_PATH: Final = PurePosixPath("python/site-packages")
"""What an app puts on its Python path.

mypy and ruff leave a folder of this name alone wherever it is, so an app's own settings need
no word about the copy:
https://mypy.readthedocs.io/en/stable/running_mypy.html (recursive discovery),
https://docs.astral.sh/ruff/settings/#exclude (the default).
"""

RUNTIME_FOLDER: Final = PYTHON_PATH / "bgsvc"

PHONE_ROOMS: Final = frozenset(
    {
        "__init__.py",
        "_app",
        "_engine",
        "_events",
        "_lite",
        "_model",
        "_ports",
        "_service",
        "_storage",
        "bridge.py",
        "capabilities.json",
        "py.typed",
    }
)
"""The parts of the runtime that run on a phone; the others serve desktop systems and tests."""

HEADER: Final = (
    b"# Copied by bgsvc-gen; an edit here is lost.\n"
    b"# fmt: off\n"
    b"# ruff: noqa\n"
    b"# mypy: ignore-errors\n"
)
"""What keeps the formatters and linters of an app from the copy, also where they get its name.

Black has no folder that it skips and that git keeps; it obeys `fmt: off`:
https://black.readthedocs.io/en/stable/usage_and_configuration/the_basics.html
"""


def runtime_files() -> Iterator[GeneratedFile]:
    """Yield the runtime as phones carry it: the modules of their rooms, each below the header."""
    root = runtime_root()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if name.parts[0] in PHONE_ROOMS and path.is_file() and "__pycache__" not in path.parts:
            yield GeneratedFile(RUNTIME_FOLDER / name.as_posix(), _content(path))


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    return HEADER + content if path.suffix == ".py" else content
