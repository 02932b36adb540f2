"""Replacing a file atomically: a crash leaves either the old or the new content."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

TEMPORARY_SUFFIX: Final = ".bgsvc-new"
"""Suffix of a file until it is complete; one that a crash leaves behind can be deleted."""


def replace_file(path: Path, content: bytes) -> None:
    """Replace the content of `path`, and keep its permissions.

    Raises:
        OSError: The write failed; `path` is unchanged.
    """
    with stage_file(path, content):
        pass


@contextmanager
def stage_file(path: Path, content: bytes) -> Generator[None, None, None]:
    """Write `content` to disk before the block, and rename it to `path` when the block ends.

    The rename is the last step, so that a full disk is noticed before. If the block raises, `path`
    is unchanged.

    Raises:
        OSError: The write failed; `path` is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The process id keeps simultaneous runs from sharing the temporary file.
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
    """Return the final path of `place`, which may be a temporary file."""
    path = Path(str(place))
    if not path.name.endswith(TEMPORARY_SUFFIX):
        return str(path)
    name = path.name[1:].removesuffix(TEMPORARY_SUFFIX).rpartition(".")[0]
    return str(path.with_name(name))
