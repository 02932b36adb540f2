"""Time that stands still until a test moves it.

The clock counts its threads that are busy. A timer fires only when none is, that is when every
service waits for time to pass. So a test sees the same order of events on every machine.
"""

from __future__ import annotations

import heapq
import threading
from contextlib import contextmanager

from bgsvc._ports.clock import Clock, Timer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Generator

SETTLE_TIMEOUT_S = 10.0
"""Real seconds that a service may be busy before the test fails."""


class VirtualClock(Clock):
    """A clock that tests move by hand.

    Args:
        now: Where it starts, in seconds since the epoch.
    """

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._uptime = 1_000.0
        self._asleep = 0.0
        self._offset = now - self._uptime
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = 0
        self._busy = 0
        self._thread = threading.local()

    def uptime(self) -> float:
        """Return the virtual uptime."""
        return self._uptime

    def elapsed(self) -> float:
        """Return the virtual time since boot, with `sleep_deeply`."""
        return self._uptime + self._asleep

    def now(self) -> float:
        """Return the virtual time since the epoch."""
        return self.elapsed() + self._offset

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and fire every timer that is due on the way."""
        end = self._uptime + seconds
        while self._step(end):
            pass
        with self.changed:
            self._uptime = max(self._uptime, end)

    def sleep_deeply(self, seconds: float) -> None:
        """Let `seconds` pass as in a device's deep sleep: nothing runs, and uptime stands still."""
        self.settle()
        self._asleep += seconds

    def settle(self) -> None:
        """Wait until every service waits for time to pass.

        Raises:
            AssertionError: If one is still busy after ten real seconds.
        """
        with self.changed:
            if not self.changed.wait_for(lambda: self._busy == 0, SETTLE_TIMEOUT_S):
                raise AssertionError("a service neither waits nor ends; is it blocked for real?")

    @contextmanager
    def blocked(self) -> Generator[None]:
        """Let the clock go on while a service blocks in real time; use it inside the service."""
        self.park()
        try:
            yield
        finally:
            self.unpark()

    # what the runtime uses

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` once `delay` virtual seconds have passed."""
        with self.changed:
            timer = Timer(self._uptime + max(0.0, delay), callback)
            self._count += 1
            heapq.heappush(self._timers, (timer.when, self._count, timer))
            return timer

    def new_event(self) -> VirtualEvent:
        """Return an event whose waits take this clock's time."""
        return VirtualEvent(self)

    def spawn(self, target: Callable[[], None], name: str) -> threading.Thread:
        """Start a thread that this clock counts."""

        def counted() -> None:
            self._thread.counted = True
            try:
                target()
            finally:
                self.park()

        thread = threading.Thread(target=counted, name=name, daemon=True)
        self.unpark()
        try:
            thread.start()
        except BaseException:
            self.park()
            raise
        return thread

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop in which `asyncio.sleep` takes this clock's time."""
        from bgsvc.testing._loop import VirtualLoop

        return VirtualLoop(self)

    def is_counted(self) -> bool:
        """Return whether this clock counts the calling thread."""
        return getattr(self._thread, "counted", False)

    def park(self) -> None:
        """Count one busy thread less."""
        with self.changed:
            self._busy -= 1
            self.changed.notify_all()

    def unpark(self) -> None:
        """Count one busy thread more."""
        with self.changed:
            self._busy += 1

    def drive(self, event: VirtualEvent, timeout: float | None) -> bool:
        """Let time pass for a test's thread, until `event` or `timeout`."""
        end = float("inf") if timeout is None else self._uptime + timeout
        while not event.is_set():
            if not self._step(end):
                self.settle()
                break
        if not event.is_set() and timeout is not None:
            self._uptime = max(self._uptime, end)
        return event.is_set()

    def _step(self, end: float) -> bool:
        """Fire the next timer that is due by `end`; False if there is none."""
        self.settle()
        with self.changed:
            while self._timers and self._timers[0][2].cancelled:
                heapq.heappop(self._timers)
            if not self._timers or self._timers[0][0] > end:
                return False
            timer = heapq.heappop(self._timers)[2]
            self._uptime = max(self._uptime, timer.when)
        timer.fire()
        self.settle()
        return True


class VirtualEvent:
    """An event whose waits take virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._set = False
        self._waiting: list[_Waiter] = []

    def is_set(self) -> bool:
        """Return whether it is set."""
        return self._set

    def set(self) -> None:
        """Set it and wake all waiting threads."""
        with self._clock.changed:
            self._set = True
            for waiter in self._waiting:
                waiter.wake()

    def wait(self, timeout: float | None = None) -> bool:
        """Return True as soon as it is set, False after `timeout` virtual seconds.

        In a test's own thread time passes by itself while it waits.
        """
        clock = self._clock
        if not clock.is_counted():
            return clock.drive(self, timeout)
        with clock.changed:
            if self._set or (timeout is not None and timeout <= 0):
                return self._set
            waiter = _Waiter(clock)
            timer = None if timeout is None else clock.call_later(timeout, waiter.wake)
            self._waiting.append(waiter)
            clock.park()
            clock.changed.wait_for(lambda: waiter.woken)
            self._waiting.remove(waiter)
            if timer is not None:
                timer.cancel()
            return self._set


class _Waiter:
    """A thread that waits; waking it counts it as busy at once."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.woken = False

    def wake(self) -> None:
        with self._clock.changed:
            if not self.woken:
                self.woken = True
                self._clock.unpark()
                self._clock.changed.notify_all()
