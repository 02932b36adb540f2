"""The one signal every stop becomes."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._ports.clock import Clock


class ShutdownToken:
    """Tells a service that it is to stop; set once, never cleared."""

    def __init__(self, clock: Clock) -> None:
        self._event = clock.new_event()
        self._clock = clock
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], object]] = []
        self._callbacks: list[Callable[[], object]] = []
        self._telling = False

    def is_set(self) -> bool:
        """Return whether the service is to stop."""
        return self._event.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block a plain `run`: True as soon as it is to stop, False after `timeout` seconds."""
        return self._event.wait(timeout)

    def on_set(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` once when the service is to stop, at once if it already is.

        It runs in a thread of its own, after those that were registered before it; what it
        raises is logged and hurts nobody. Returns a function that takes the callback back.
        """
        return self._register(callback, self._callbacks)

    def wake(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` in the thread that sets the token, before anything else is done there.

        It is for waking a loop or a lock: it must not block, for a stop waits for it, a `stop` that
        waits for nothing else included. Whatever takes its time belongs in `on_set`. Returns a
        function that takes the callback back.
        """
        return self._register(callback, self._wakers)

    def _register(
        self, callback: Callable[[], object], waiting: list[Callable[[], object]]
    ) -> Callable[[], None]:
        def forget() -> None:
            with self._lock:
                if callback in waiting:
                    waiting.remove(callback)

        with self._lock:
            if not self._event.is_set():
                waiting.append(callback)
                return forget
        _made(callback)
        return lambda: None

    def _call(self, waiting: list[Callable[[], object]]) -> None:
        while True:
            with self._lock:
                if not waiting:
                    return
                callback = waiting.pop(0)
            _made(callback)


def _made(callback: Callable[[], object]) -> None:
    try:
        callback()
    except BaseException:  # a `SystemExit` too is to hurt nobody else
        import logging

        logging.getLogger("bgsvc").exception("a shutdown callback failed")


class ShutdownSignal(ShutdownToken):
    """The token's other end, held by the runtime."""

    def set(self) -> None:
        """Set the token and wake who waits; later calls change nothing. Never blocks."""
        with self._lock:
            self._event.set()
        self._call(self._wakers)

    def request(self) -> None:
        """Set the token and see that its callbacks are called; later calls change nothing.

        They have a thread of their own; where the system has none to give, the clock's, else this.
        """
        self.set()
        with self._lock:
            if self._telling or not self._callbacks:
                return
            self._telling = True

        def tell() -> None:
            self._call(self._callbacks)

        try:
            self._clock.spawn(tell, "bgsvc-token")
        except RuntimeError:
            try:
                self._clock.call_later(0.0, tell)
            except RuntimeError:
                tell()
