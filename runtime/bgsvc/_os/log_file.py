"""A log file that stays small, for the systems that keep no log of a service's output."""

from __future__ import annotations

import io
import os
import threading
import time
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LARGEST = 1 << 20
"""Bytes after which a file is set aside and a new one begun."""

KEPT = 4
"""How many are kept beside the one being written: `service.log.1` is the youngest."""

POLL_INTERVAL_S = 0.5
"""Seconds between two looks at a file that is followed."""


class RotatedFile(io.TextIOBase):
    """What `sys.stdout` and `sys.stderr` are to a service without a terminal.

    A write that fails is dropped: a full disk must not end the service.
    """

    def __init__(self, path: str, *, largest: int = LARGEST, kept: int = KEPT) -> None:
        super().__init__()
        self._path = path
        self._largest = largest
        self._kept = kept
        self._lock = threading.RLock()
        self._begun: dict[int, str] = {}
        self._descriptor = -1

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base has a plain attribute
        """What text is written as."""
        return "utf-8"

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str, /) -> int:
        """Append `text`; what other threads write does not come into the middle of a line."""
        thread = threading.get_ident()
        with self._lock:
            whole, end, rest = (self._begun.pop(thread, "") + text).rpartition("\n")
            if rest:
                self._begun[thread] = rest
            if end:
                self._append(whole + end)
        return len(text)

    def flush(self) -> None:
        """Write the line that this thread has begun."""
        with self._lock:
            begun = self._begun.pop(threading.get_ident(), "")
            if begun:
                self._append(begun)

    def close(self) -> None:
        """Write what is begun, and let go of the file."""
        with self._lock:
            for begun in self._begun.values():
                self._append(begun)
            self._begun.clear()
            self._close()
        super().close()

    def _append(self, text: str) -> None:
        """Write `text`, never split between two files."""
        data = text.encode("utf-8", "backslashreplace")
        try:
            self._open()
            if os.fstat(self._descriptor).st_size + len(data) > self._largest:
                self._turn()
            os.write(self._descriptor, data)
        except OSError:
            self._close()

    def _open(self) -> None:
        if self._descriptor < 0:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._path, flags, 0o600)

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _turn(self) -> None:
        """Set the full file aside; one that a reader holds open (Windows) is written on."""
        self._close()
        try:
            for number in range(self._kept, 0, -1):
                older = self._path if number == 1 else f"{self._path}.{number - 1}"
                if os.path.exists(older):
                    os.replace(older, f"{self._path}.{number}")
        except OSError:
            pass
        self._open()


def last_lines(
    path: str, lines: int, *, follow: bool = False, wait: Callable[[float], object] = time.sleep
) -> Iterator[str]:
    """Yield the last lines of a log, those set aside included, then new ones if `follow`."""
    kept: deque[str] = deque(maxlen=lines)
    for number in range(KEPT, -1, -1):
        try:
            with open(f"{path}.{number}" if number else path, encoding="utf-8") as file:
                kept.extend(line.rstrip("\n") for line in file)
        except OSError:
            continue
    yield from kept
    if follow:
        yield from _new_lines(path, wait)


def _new_lines(path: str, wait: Callable[[float], object]) -> Iterator[str]:
    at, identity = -1, None
    begun = b""
    while True:
        try:
            with open(path, "rb") as file:
                found = os.fstat(file.fileno())
                if at < 0:
                    at, identity = found.st_size, found.st_ino
                elif found.st_ino != identity or found.st_size < at:
                    at, identity = 0, found.st_ino  # a new one was begun
                file.seek(at)
                new = file.read()
        except FileNotFoundError:
            at, identity, new = 0, None, b""
        at += len(new)
        *whole, begun = (begun + new).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
        wait(POLL_INTERVAL_S)
