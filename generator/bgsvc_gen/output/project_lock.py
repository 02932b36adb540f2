"""One run at a time in a project: each finds what the one before it has finished."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_project(project: Path) -> Generator[None, None, None]:
    """Keep other runs of the tool out of the folder `project` during the block; wait for them.

    The system lets go of a lock whose process died. Where a folder cannot be locked (Windows),
    two runs at once each write whole files, and the later one wins.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 - there is none on Windows

    handle = os.open(project, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
