"""Locks between processes that the kernel gives back when their holder dies."""

from __future__ import annotations

import errno
import os
import threading
import time

from bgsvc._model.errors import StateNotSavedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


TRIES = 20
"""How often a start tries for a lock that somebody merely looks at."""
PAUSE = 0.005
"""Seconds between those, and between looks at a process id that is just being written."""
LOCK_TIMEOUT_S = 2.0
"""Seconds one waits for a lock that others hold for the length of one small write."""

_HELD = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
"""What a system says of a lock that another has."""


class FileLock:
    """Holds a lock file for the length of a `with`, and waits for it where necessary.

    Entering raises `TimeoutError` if another process holds the lock for `LOCK_TIMEOUT_S`: a stop
    must not wait for a process that hangs.
    """

    def __init__(self, path: str, folder: str) -> None:
        self._path = path
        self._folder = folder
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = _opened(self._path, self._folder)
        try:
            self._wait()
        except BaseException:
            _close(self._descriptor)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _close(self._descriptor)

    def _wait(self) -> None:
        until: float | None = None
        while True:
            try:
                _lock(self._descriptor)
            except OSError as error:
                if error.errno not in _HELD:
                    raise
            else:
                return
            now = time.monotonic()
            if until is None:
                until = now + LOCK_TIMEOUT_S
            elif now > until:
                raise TimeoutError(f"another process holds {self._path}")
            time.sleep(PAUSE)


class InstanceLock:
    """Says that this process, and no other, hosts a service; held until the process ends.

    Attributes:
        trouble: Why the process id could not be written down; None if it was.
    """

    def __init__(self, folder: str, service: str) -> None:
        self._folder = folder
        self._path = os.path.join(folder, f"{service}.pid")
        self._descriptor = -1
        self.trouble: StateNotSavedError | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody hosts the service, and write down who has it.

        Raises:
            StateNotSavedError: If there can be no such file.
        """
        try:
            descriptor = _opened(self._path, self._folder)
        except OSError as error:
            raise StateNotSavedError(f"cannot use {self._path}: {error}") from error
        if not _taken(descriptor):
            _close(descriptor)
            return False
        self._descriptor = descriptor
        try:
            os.ftruncate(descriptor, 0)  # first of all: what it says is of an earlier process
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except OSError as error:
            self.trouble = StateNotSavedError(f"cannot write {self._path}: {error}")
        return True

    def release(self) -> None:
        """Give the lock back."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor in _open:
            try:  # noqa: SIM105 - `contextlib` would cost a part of the start
                os.ftruncate(descriptor, 0)
            except OSError:
                pass  # then it names a process that holds no lock
            _close(descriptor)

    def note(self, word: str) -> None:
        """Write down, for those who look, what the holder is at; lost with the lock."""
        if self._descriptor in _open:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            try:  # noqa: SIM105 - as above
                os.write(self._descriptor, f"{os.getpid()} {word:<12}\n".encode())
            except OSError:
                pass  # it says less, but nothing wrong

    def holder(self) -> int | None:
        """Return the process id of whoever holds the lock; None if nobody does.

        It is 0 if the holder could not write it down.
        """
        lock_record = self.look()
        return None if lock_record is None else lock_record[0]

    def look(self) -> tuple[int, str] | None:
        """Return the holder's process id and what it noted last; None if there is no holder."""
        try:
            descriptor = _registered(self._path, os.O_RDWR)
        except OSError:
            return None
        try:
            return _look(descriptor)
        finally:
            _close(descriptor)


def run_lock(folder: str, service: str) -> InstanceLock:
    """Return the lock that says which process has a run of `service`, as an app's part or alone."""
    return InstanceLock(folder, f"{service}~run")


def _taken(descriptor: int) -> bool:
    """Lock a file for this process alone, past those who only look; False if another has."""
    for _ in range(TRIES):
        try:
            _lock(descriptor)
        except OSError:
            if _shared and not _free(descriptor):
                return False
            time.sleep(PAUSE)
        else:
            return True
    return False


def _look(descriptor: int) -> tuple[int, str] | None:
    for _ in range(TRIES):
        if _free(descriptor):
            return None
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 64).decode(errors="replace")
        number, _, word = text.strip().partition(" ")
        if text.endswith("\n") and number.isdigit():
            return int(number), word
        time.sleep(PAUSE)  # it is being written
    return 0, ""


_guard = threading.RLock()
_open: set[int] = set()
"""The open descriptors: a forked child must not keep its parent's locks."""


def _opened(path: str, folder: str) -> int:
    try:
        return _registered(path, os.O_RDWR | os.O_CREAT)
    except FileNotFoundError:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        return _registered(path, os.O_RDWR | os.O_CREAT)


def _registered(path: str, flags: int) -> int:
    with _guard:
        descriptor = os.open(path, flags, 0o600)
        _open.add(descriptor)
        return descriptor


def _close(descriptor: int) -> None:
    with _guard:
        if descriptor in _open:
            _open.discard(descriptor)
            os.close(descriptor)


def _forked() -> None:
    """Close the parent's locks in a forked child; closing does not unlock them."""
    global _guard  # noqa: PLW0603 - the parent's may be held for ever
    _guard = threading.RLock()
    for descriptor in _open:
        os.close(descriptor)
    _open.clear()


def _before_fork() -> None:
    _guard.acquire()


def _after_fork() -> None:
    _guard.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_forked)


try:
    import fcntl
except ImportError:
    import msvcrt

    _shared = False  # there are only locks for one

    def _free(descriptor: int) -> bool:
        """Return whether nobody holds the lock."""
        try:
            _lock(descriptor)
        except OSError:
            return False
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

    def _lock(descriptor: int) -> None:
        """Lock the byte past any content, so that others may still read the file."""
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    _shared = True

    def _free(descriptor: int) -> bool:
        """Return whether nobody holds the lock for itself alone; others may look meanwhile."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return False
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return True

    def _lock(descriptor: int) -> None:
        """Lock the file itself; the lock goes with the last descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
