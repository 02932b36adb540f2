"""What timers do to a service. They fire in the clock's thread, which all services share.

So that thread does not wait for a lock that a service's start or stop may hold for long.
"""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import Protocol

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.run import Run

    class StopOwner(Protocol):
        """Ends the runs that a stop timer reports; both methods are called with its lock held."""

        lock: threading.RLock
        lock_queue: LockQueue

        def stop_overdue(self, run: Run, seconds: float) -> bool:
            """Report that `run` did not stop within `seconds`; False if it did."""
            ...

        def force_end(self, run: Run) -> None:
            """End an overdue run whose process ends with it."""


HARD_END_STATUS = 70
"""The exit status of a process that is ended because a run does not stop."""
HARD_END_TIMEOUT_S = 1.0
"""Seconds such an end waits for the lock, and then for listeners to take the last events."""


class LockQueue:
    """Actions that wait for a lock in the order they came, while their callers do not wait."""

    def __init__(
        self, lock: threading.RLock, spawn: Callable[[Callable[[], None]], object]
    ) -> None:
        """Queue for `lock`; `spawn` starts a thread, or raises RuntimeError."""
        self._lock = lock
        self._spawn = spawn
        self._due: deque[Callable[[], object]] = deque()

    def submit(self, action: Callable[[], object]) -> None:
        """Call `action` with the lock held: at once if it is free, else as soon as it is.

        Actions are called in the order they came. The caller waits only where the system has no
        thread to give: better late than never.
        """
        self._due.append(action)
        if self._lock.acquire(blocking=False):
            try:
                self._call()
            finally:
                self._lock.release()
            return
        try:
            self._spawn(self._wait)
        except RuntimeError:
            self._wait()

    def _wait(self) -> None:
        with self._lock:
            self._call()

    def _call(self) -> None:
        while self._due:
            self._due.popleft()()


class StopTimer:
    """Limits the time that the runs of one service have to stop."""

    def __init__(self, ports: Ports, owner: StopOwner) -> None:
        self._ports = ports
        self._owner = owner

    def arm(self, run: Run, seconds: float) -> None:
        """Cancel and then end `run` within `seconds`, unless that is due sooner already.

        Raises:
            RuntimeError: If the system has no thread to give.
        """
        run.arm_stop_timer(seconds, lambda: self._fired(run, seconds))

    def _fired(self, run: Run, seconds: float) -> None:
        owner = self._owner
        if self._ports.host.owns_process:
            self._end_process(run, seconds)
        else:
            owner.lock_queue.submit(lambda: owner.stop_overdue(run, seconds))

    def _end_process(self, run: Run, seconds: float) -> None:
        """End the process, even where the lock's holder waits for a disk that does not answer."""
        owner = self._owner
        is_locked = owner.lock.acquire(timeout=HARD_END_TIMEOUT_S)
        ends = True
        try:
            if is_locked:
                ends = owner.stop_overdue(run, seconds)
            if is_locked and ends:
                owner.force_end(run)
        finally:
            if is_locked:
                owner.lock.release()
            if ends:
                self._ports.bus.drain(HARD_END_TIMEOUT_S)
                self._ports.host.end_process(HARD_END_STATUS)
