"""What is done under a lock in the order it came, by whoever gets the lock first."""

from __future__ import annotations

from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable


class LockQueue:
    """Actions that wait their turn for a lock, while their callers do not wait."""

    def __init__(
        self, lock: threading.RLock, spawn: Callable[[Callable[[], None]], object]
    ) -> None:
        """Make turns for `lock`; `spawn` begins a thread, or raises RuntimeError."""
        self._lock = lock
        self._spawn = spawn
        self._due: deque[Callable[[], object]] = deque()

    def submit(self, action: Callable[[], object]) -> None:
        """Call `action` with the lock: at once if it is free, else as soon as it is.

        What came before is called before. The caller waits only where no thread can be had:
        better late than never.
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
