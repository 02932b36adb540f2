"""Locks between processes that the kernel gives back when their holder dies."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class FileLock:
    """Holds a lock file for the length of a `with`, waiting for it if need be."""

    def __init__(self, path: str, folder: str) -> None:
        self._path = path
        self._folder = folder
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = _opened(self._path, self._folder)
        _lock(self._descriptor, wait=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


class InstanceLock:
    """Says that this process, and no other, hosts a service; held until the process ends."""

    def __init__(self, folder: str, service: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, f"{service}.pid")
        self._descriptor = -1

    def acquire(self) -> bool:
        """Take the lock if it is free and write down who has it; never waits."""
        descriptor = _opened(self._path, self._folder)
        try:
            _lock(descriptor, wait=False)
        except OSError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def holder(self) -> int | None:
        """Return the process id of whoever holds the lock; None if nobody does."""
        try:
            descriptor = os.open(self._path, os.O_RDWR)
        except OSError:
            return None
        try:
            _lock(descriptor, wait=False)
        except OSError:
            os.lseek(descriptor, 0, os.SEEK_SET)
            text = os.read(descriptor, 32).strip()
            return int(text) if text.isdigit() else None
        finally:
            os.close(descriptor)
        return None


def _opened(path: str, folder: str) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


try:
    import fcntl
except ImportError:
    import msvcrt

    def _lock(descriptor: int, *, wait: bool) -> None:
        """Lock the byte past any content, so that others may still read the file."""
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _lock(descriptor: int, *, wait: bool) -> None:
        """Lock the file itself; the lock goes with the last descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
