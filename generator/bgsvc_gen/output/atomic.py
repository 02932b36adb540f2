"""Replacing one file so that a crash at any instruction leaves the old or the new."""

import os
from pathlib import Path
from typing import Final

TEMPORARY_SUFFIX: Final = ".bgsvc-new"
"""What a file is called until it is whole; one left by a crash may be deleted."""


def replace_file(path: Path, content: bytes) -> None:
    """Make `path` hold `content`, with the permissions it had.

    Raises:
        OSError: It cannot; `path` is then what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")
    temporary.unlink(missing_ok=True)
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
