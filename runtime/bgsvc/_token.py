"""The one signal every stop becomes."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._clock import Clock


class ShutdownToken:
    """Tells a service that it is to stop; set once, never cleared."""

    def __init__(self, clock: Clock) -> None:
        self._event = clock.new_event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Return whether the service is to stop."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block a plain `run`: True as soon as it is to stop, False after `timeout` seconds."""
        return self._event.wait(timeout)

    def on_set(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` once when the service is to stop, at once if it already is.

        It runs in the thread that asks for the stop and must not block. Returns a function
        that takes the callback back.
        """
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        callback()
        return lambda: None

    def _forget(self, callback: Callable[[], object]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)


class ShutdownSignal(ShutdownToken):
    """The token's other end, held by the runtime."""

    def request(self) -> None:
        """Set the token and make the calls that wait for it; later calls change nothing."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception:
                import logging

                logging.getLogger("bgsvc").exception("a shutdown callback failed")
