"""Replacing one file so that a crash at any instruction leaves the old or the new."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TEMPORARY_SUFFIX: Final = ".bgsvc-new"
"""How the name of a file ends until it is whole; one left by a crash may be deleted."""


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, with the permissions it had.

    Raises:
        OSError: It cannot; `path` is then what it was.
    """
    with staged_file(path, content):
        pass


@contextmanager
def staged_file(path: Path, content: bytes) -> Generator[None, None, None]:
    """Have `content` safe on the disk during the block, and put it at `path` when the block ends.

    The last step is a rename: what could fail for want of space has been done before. If the
    block raises, `path` stays what it was.

    Raises:
        OSError: It cannot be written; `path` is then what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two runs at once must not share it: each would pull the other's from under it.
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        yield
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def final_name(place: object) -> str:
    """Return the name a user knows for `place`, which may be a file that was not whole yet."""
    path = Path(str(place))
    if not path.name.endswith(TEMPORARY_SUFFIX):
        return str(path)
    name = path.name[1:].removesuffix(TEMPORARY_SUFFIX).rpartition(".")[0]
    return str(path.with_name(name))
