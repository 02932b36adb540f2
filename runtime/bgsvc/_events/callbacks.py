"""Calls of what apps and services registered, apart from the thread that has news for them."""

from __future__ import annotations

from bgsvc._events.delivery import Delivery
from bgsvc._model.event import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Calls:
    """Makes each callback's calls in order, from threads of its own, past any that is stuck."""

    def __init__(self) -> None:
        self._delivery = Delivery()

    def register(self, topic: str, callback: Callable[..., object]) -> Callable[[], None]:
        """Call `callback` with what `make` is given for `topic`; return a function that ends it.

        It may be an `async def`: then it runs in the event loop it was added from, else in one of
        its own.
        """
        return self._delivery.subscribe(_Callback(topic, callback)).close

    def make(self, topic: str, *words: str) -> None:
        """Have the callbacks of `topic` called with `words`, and return."""
        self._delivery.put(_Call(topic, words), vital=True)

    def drain(self, timeout: float) -> bool:
        """Wait until all calls so far have been made; False after `timeout` seconds."""
        return self._delivery.drain(timeout)


class _Call(Event):
    """What delivery carries to the callbacks, in the place of an event."""

    __slots__ = ("words",)

    def __init__(self, topic: str, words: tuple[str, ...]) -> None:
        super().__init__("", 0, 0, 0.0, topic, {})
        self.words = words


class _Callback:
    """A listener to the calls of one topic."""

    def __init__(self, topic: str, callback: Callable[..., object]) -> None:
        self._topic = topic
        self._callback = callback

    def __repr__(self) -> str:
        return f"{self._callback!r} of {self._topic}"  # for the log, where it failed

    def __call__(self, event: Event) -> object:
        if not isinstance(event, _Call) or event.event != self._topic:
            return None
        return self._callback(*event.words)
