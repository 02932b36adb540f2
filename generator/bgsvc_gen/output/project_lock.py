"""A lock per project, so that simultaneous runs of the tool do not interleave."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_project(project: Path) -> Generator[None, None, None]:
    """Lock the folder `project` during the block; wait for other runs of the tool.

    The operating system releases the lock of a process that died. Windows cannot lock a folder;
    there, simultaneous runs write whole files, and the later one wins.
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
