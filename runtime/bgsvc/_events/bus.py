"""Events, and the bus that carries them without ever slowing a service down."""

from __future__ import annotations

import threading

from bgsvc._events.delivery import Delivery
from bgsvc._lite.guards import is_array, is_object
from bgsvc._lite.json import safe_repr
from bgsvc._model.errors import ConfigError
from bgsvc._model.event import RESERVED, Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._events.callbacks import Calls
    from bgsvc._events.ring_buffer import Subscription
    from bgsvc._ports.clock import Clock


_making = threading.Lock()


class Bus:
    """Hands every event to every listener, in order, from threads of its own."""

    def __init__(self) -> None:
        self._delivery = Delivery()
        self._calls: Calls | None = None
        self._closed = False
        self._taps: tuple[Callable[[Event], None], ...] = ()

    def close(self) -> None:
        """Carry nothing any more."""
        self._closed = True

    def publish(self, event: Event) -> None:
        """Queue `event` for every listener and return; the runtime's own are never pushed out."""
        if self._closed:
            return
        for tap in self._taps:
            tap(event)
        self._delivery.put(event, vital=event.event in RESERVED)

    def subscribe(self, callback: Callable[[Event], object]) -> Subscription:
        """Call `callback` with every event from now on; it may be an `async def`."""
        return self._delivery.subscribe(callback)

    def on_call(self, topic: str, callback: Callable[..., object]) -> Callable[[], None]:
        """Call `callback` with whatever `call` is given for `topic`; return what ends it."""
        from bgsvc._events.callbacks import Calls

        with _making:
            if self._calls is None:
                self._calls = Calls()
            calls = self._calls
        return calls.register(topic, callback)

    def call(self, topic: str, *words: str) -> None:
        """Have the callbacks of `topic` called, in order, and return without waiting for them."""
        if self._calls is not None and not self._closed:
            self._calls.make(topic, *words)

    def drain_calls(self, timeout: float) -> bool:
        """Wait until all calls so far have been made; False after `timeout` seconds."""
        return self._calls is None or self._calls.drain(timeout)

    def make_ready(self) -> None:
        """Have by now what delivery needs: an interpreter that ends starts no more threads."""
        self._delivery.make_ready()

    def tap(self, callback: Callable[[Event], None]) -> None:
        """Call `callback` in the emitting thread itself; it must neither block nor raise."""
        self._taps = (*self._taps, callback)

    def drain(self, timeout: float) -> bool:
        """Wait until all listeners have had all events so far; False after `timeout` seconds."""
        return self._delivery.drain(timeout)


class EventSource:
    """Numbers one service's events and closes each run's stream behind its `stopped`."""

    def __init__(self, service: str, bus: Bus, clock: Clock) -> None:
        self._service = service
        self._bus = bus
        self._clock = clock
        self._lock = threading.Lock()
        self._seq = 0
        self._closed_run = 0

    def emit(self, run: int, event: str, data: Mapping[str, object]) -> bool:
        """Publish an event of `run`; False, and nothing said, once that run has `stopped`."""
        copy = copied(data)
        with self._lock:
            if run <= self._closed_run:
                return False
            if event == "stopped":
                self._closed_run = run
            self._publish(run, event, copy)
            return True

    def note(self, run: int, event: str, data: Mapping[str, object]) -> None:
        """Publish something about the service that no run did."""
        copy = copied(data)
        with self._lock:
            self._publish(run, event, copy)

    def _publish(self, run: int, event: str, data: dict[str, object]) -> None:
        now = self._clock.now()
        self._seq += 1
        self._bus.publish(Event(self._service, run, self._seq, now, event, data))


def copied(data: Mapping[str, object]) -> dict[str, object]:
    """Return what `data` is now, however deep; what contains itself goes as its `repr`.

    Raises:
        ConfigError: If it is no mapping.
    """
    if not hasattr(data, "keys"):
        raise ConfigError(f"the data of an event is a mapping, not {safe_repr(data)}")
    inside = (id(data),)
    return {
        key: value if type(value) in _SIMPLE else _copy(value, inside)
        for key, value in dict(data).items()  # the service's other threads may be adding to it
    }


_SIMPLE = frozenset({str, int, float, bool, type(None)})
_DEEPEST = 100


def _copy(value: object, inside: tuple[int, ...]) -> object:
    """Return a copy of containers, and anything else as it is; `inside` are those around it."""
    if not (is_object(value) or is_array(value)):
        return value
    if id(value) in inside or len(inside) > _DEEPEST:
        return safe_repr(value)
    inside = (*inside, id(value))
    if is_object(value):
        return {key: _copy(item, inside) for key, item in dict(value).items()}
    items = [item if type(item) in _SIMPLE else _copy(item, inside) for item in value]
    return items if isinstance(value, list) else tuple(items)
