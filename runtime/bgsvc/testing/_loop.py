"""An asyncio event loop in a virtual clock's time."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from contextvars import Context

    from typing_extensions import TypeVarTuple, Unpack

    from bgsvc._ports.clock import Timer

    _Arguments = TypeVarTuple("_Arguments")

    class LoopClock(Protocol):
        """What a loop uses of its virtual clock."""

        changed: threading.Condition

        def uptime(self) -> float: ...

        def call_later(self, delay: float, callback: Callable[[], None]) -> Timer: ...

        def park(self) -> None: ...

        def unpark(self) -> None: ...


_Ready = list[tuple[selectors.SelectorKey, int]]


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps in virtual time; sockets and other threads wake it for real."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self._virtual_selector = _VirtualSelector(clock)
        super().__init__(self._virtual_selector)
        self._virtual_selector.loop = self

    def time(self) -> float:
        """Return the virtual uptime."""
        return self._clock.uptime()

    def call_soon_threadsafe(
        self,
        callback: Callable[[Unpack[_Arguments]], object],
        *args: Unpack[_Arguments],
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Queue a call and wake the loop, which counts as busy at once."""
        with self._clock.changed:
            handle = super().call_soon_threadsafe(callback, *args, context=context)
            self._virtual_selector.wake()
            return handle

    def wake(self) -> None:
        """Wake the loop, because its next timer is due."""
        if not self.is_closed():
            self.call_soon_threadsafe(lambda: None)


class _VirtualSelector(selectors.BaseSelector):
    """A real selector that tells the clock when its loop has nothing to do."""

    def __init__(self, clock: LoopClock) -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()
        self._parked = False
        self.loop: VirtualLoop | None = None

    def wake(self) -> None:
        """Count the loop as busy again."""
        with self._clock.changed:
            if self._parked:
                self._parked = False
                self._clock.unpark()

    def select(self, timeout: float | None = None) -> _Ready:
        """Return what is ready; wait in virtual time for what is not."""
        if timeout is not None and timeout <= 0:
            return self._real.select(0)
        with self._clock.changed:
            ready = self._real.select(0)
            if ready:
                return ready
            timer = None
            if timeout is not None and self.loop is not None:
                timer = self._clock.call_later(timeout, self.loop.wake)
            self._parked = True
            self._clock.park()
        ready = self._real.select(None)
        self.wake()
        if timer is not None:
            timer.cancel()
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as its base takes them
        """Pass on."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401 - as its base takes it
        """Pass on."""
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401 - as its base takes them
        """Pass on."""
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Pass on."""
        return self._real.get_map()

    def close(self) -> None:
        """Pass on."""
        self._real.close()
