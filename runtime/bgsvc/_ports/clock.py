"""Time: the one place that reads clocks and sets timers, so that tests can own it."""

from __future__ import annotations

import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Protocol

    class Signal(Protocol):
        """What the runtime uses of `threading.Event`."""

        def is_set(self) -> bool:
            """Return whether it is set."""
            ...

        def set(self) -> None:
            """Set it and wake all who wait."""

        def wait(self, timeout: float | None = None) -> bool:
            """Return True as soon as it is set, False after `timeout` seconds."""
            ...


class Timer:
    """A call that is due at `when`, on its clock's uptime scale."""

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self._callback: Callable[[], None] | None = callback

    @property
    def cancelled(self) -> bool:
        """Whether the call was made or called off."""
        return self._callback is None

    def cancel(self) -> None:
        """Call it off; does nothing once the call was made."""
        self._callback = None

    def fire(self) -> None:
        """Make the call, unless it was called off."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class Clock:
    """What the runtime asks of time; `SystemClock` is the real one.

    Two scales on purpose: platforms meter a service by uptime, which stands still while the
    device sleeps, and a budget's window by elapsed time, which does not.
    """

    def uptime(self) -> float:
        """Return seconds since some fixed moment, deep sleep left out."""
        raise NotImplementedError

    def elapsed(self) -> float:
        """Return seconds since some fixed moment, deep sleep counted."""
        raise NotImplementedError

    def now(self) -> float:
        """Return seconds since the Unix epoch."""
        raise NotImplementedError

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, `delay` seconds of uptime from now, in a thread of the clock's.

        Raises:
            RuntimeError: If the system has no thread to give.
        """
        raise NotImplementedError

    def make_ready(self) -> None:
        """Have by now what timers need: an interpreter that ends starts no more threads."""

    def new_event(self) -> Signal:
        """Return an event whose waits live by this clock."""
        raise NotImplementedError

    def spawn(self, target: Callable[[], None], name: str) -> threading.Thread:
        """Start a thread that waits by this clock.

        Raises:
            RuntimeError: If the system has no thread to give.
        """
        raise NotImplementedError

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop that lives by this clock."""
        raise NotImplementedError


LONGEST = 86_400.0 * 365  # some systems cannot wait any longer at a time


def waitable(seconds: float) -> float:
    """Return `seconds` as a wait can be told them: neither negative nor beyond all bounds."""
    return min(max(0.0, seconds), LONGEST)


class _Event(threading.Event):
    """An event that can be waited for without end in seconds, too."""

    def wait(self, timeout: float | None = None) -> bool:
        """Return True as soon as it is set, False after `timeout` seconds."""
        return super().wait(None if timeout is None else waitable(timeout))


class SystemClock(Clock):
    """The machine's own time. Its one timer thread starts with the first timer."""

    def __init__(self) -> None:
        self._due = threading.Condition()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = 0
        self._thread: threading.Thread | None = None

    def uptime(self) -> float:
        """Return `time.monotonic()`, which on Linux and Android leaves out deep sleep."""
        return time.monotonic()

    def elapsed(self) -> float:
        """Return time since boot, deep sleep counted where the system can tell."""
        return _elapsed()

    def now(self) -> float:
        """Return `time.time()`."""
        return time.time()

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once, `delay` seconds from now, in the timer thread.

        Raises:
            RuntimeError: If the system has no thread to give; then nothing is due.
        """
        timer = Timer(self.uptime() + max(0.0, delay), callback)
        with self._due:
            self._see_to_thread()
            self._count += 1
            self._timers.append((timer.when, self._count, timer))
            self._timers.sort()  # a few timers, nearly sorted: not worth importing heapq for
            self._drop_cancelled()
            self._due.notify()
        return timer

    def make_ready(self) -> None:
        """Start the timer thread, if the system has one to give."""
        with self._due:
            try:
                self._see_to_thread()
            except RuntimeError:
                return

    def new_event(self) -> Signal:
        """Return a plain event, whose waits may be of any length."""
        return _Event()

    def spawn(self, target: Callable[[], None], name: str) -> threading.Thread:
        """Start a daemon thread: one that will not end must not keep the process."""
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        return thread

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a plain asyncio loop."""
        import asyncio

        return asyncio.new_event_loop()

    def _see_to_thread(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._keep, name="bgsvc-clock", daemon=True)
            thread.start()
            self._thread = thread

    def _drop_cancelled(self) -> None:
        """Forget cancelled timers before they outnumber the live ones by far."""
        if self._count % 64 == 0:
            self._timers = [entry for entry in self._timers if not entry[2].cancelled]

    def _keep(self) -> None:
        while True:
            with self._due:
                while not self._timers or self._timers[0][0] > self.uptime():
                    first = self._timers[0][0] if self._timers else None
                    self._due.wait(None if first is None else waitable(first - self.uptime()))
                timer = self._timers.pop(0)[2]
            try:
                timer.fire()
            except BaseException:
                import logging

                logging.getLogger("bgsvc").exception("a timer's callback failed")
            del timer


if sys.platform == "darwin":

    def _elapsed() -> float:
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # counts sleep on Apple systems

elif hasattr(time, "CLOCK_BOOTTIME"):

    def _elapsed() -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

else:

    def _elapsed() -> float:
        return time.monotonic()
