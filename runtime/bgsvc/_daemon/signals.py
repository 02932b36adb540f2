"""Wakes the main thread, for signals and for events, without ever losing a call.

A lock or a queue is not enough: a signal that arrives just before the main thread begins to wait
would be noticed only when something else ends the wait. So the interpreter itself writes each
signal's number into a pipe, and the main thread reads from it.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import FrameType
else:
    signal = __import__("_signal")  # the same without a start-up's worth of enums

SIGINT = int(signal.SIGINT)
SIGTERM = int(signal.SIGTERM)
SIGHUP = int(getattr(signal, "SIGHUP", 0))
"""None on Windows: zero."""
EVENT = b"\0"


class Wakeup:
    """What the main thread sleeps on; make it in the main thread."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}
        if os.name != "nt":
            os.set_blocking(self._writer, False)

    def listen(self, *numbers: int) -> None:
        """Be woken by these signals, instead of ending by them; a forked child is not."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in numbers:
            self._before[number] = signal.signal(number, _noted)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def wake(self) -> None:
        """End the sleep, from any thread."""
        try:
            os.write(self._writer, EVENT)
        except BlockingIOError:
            return  # so much is unread that it will wake anyway

    def ask(self) -> None:
        """End the sleep as SIGTERM does, from any thread: where a system has no signals."""
        os.write(self._writer, bytes((SIGTERM,)))

    def sleep(self) -> frozenset[int]:
        """Sleep until something happens; return which of the signals listened to came.

        The interpreter writes the number of every signal that has a handler, whoever's it is.
        """
        return frozenset(number for number in os.read(self._reader, 512) if number in self._before)

    def _forked(self) -> None:
        """Let a forked child end by its own signals, and wake nobody by them."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            if signal.getsignal(number) is _noted:
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
        os.close(self._reader)
        os.close(self._writer)


def is_ignored(number: int) -> bool:
    """Return whether whoever started this process wants it to ignore a signal."""
    return signal.getsignal(number) == signal.SIG_IGN


def _noted(number: int, frame: object) -> None:
    """Do nothing: the number is in the pipe already."""
    del number, frame
