"""Rings of the last events, and how far each listener has come in them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bgsvc._model.event import Event

    Entry = tuple[int, int, Event]  # place among all events, number among its kind, the event

BATCH = 64
"""How many events a listener is given at a time."""


class Ring:
    """The last `size` events of a kind, by number; some may be missing."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0
        self._slots: list[Entry | None] = [None] * size

    def put(self, entry: Entry) -> None:
        """Add an event, forgetting the oldest if the ring is full."""
        number = entry[1]
        self._slots[number % self.size] = entry
        self.count = number + 1

    def get(self, number: int) -> Entry | None:
        """Return an event by its number; None if it is not in the ring any more."""
        entry = self._slots[number % self.size]
        return entry if entry is not None and entry[1] == number else None


class Subscription:
    """One listener and how far it has come.

    Attributes:
        dropped: How many events it missed because it was too slow for the ring.
    """

    def __init__(
        self,
        callback: Callable[[Event], object],
        rings: tuple[Ring, Ring],
        loop: asyncio.AbstractEventLoop | None,
        close: Callable[[Subscription], None],
    ) -> None:
        self._close = close
        self.callback = callback
        self.loop = loop
        self.rings = rings
        self.places = [0, 0]
        self.dropped = 0
        self.busy = False
        self.closed = False

    def close(self) -> None:
        """Call the listener no more; a call under way still ends."""
        self._close(self)

    def behind(self) -> bool:
        """Return whether there is something it has not had."""
        first, second = self.rings
        return self.places[0] < first.count or self.places[1] < second.count

    def take(self) -> list[Event]:
        """Return the next events for it, in order, and count those it missed."""
        events: list[Event] = []
        while len(events) < BATCH:
            heads = [head for head in map(self._head, (0, 1)) if head is not None]
            if not heads:
                break
            (_, _, event), which = min(heads, key=_order)
            self.places[which] += 1
            events.append(event)
        return events

    def log_failure(self) -> None:
        """Log the exception that its callback has just raised."""
        import logging
        import sys

        text = "the event listener %r failed"
        logging.getLogger("bgsvc").error(text, self.callback, exc_info=sys.exc_info())

    def _head(self, which: int) -> tuple[Entry, int] | None:
        """Return the next event of one kind, past those that are lost."""
        ring = self.rings[which]
        while self.places[which] < ring.count:
            entry = ring.get(self.places[which])
            if entry is not None:
                return entry, which
            oldest = max(ring.count - ring.size, self.places[which] + 1)
            self.dropped += oldest - self.places[which]
            self.places[which] = oldest
        return None


def _order(head: tuple[Entry, int]) -> int:
    return head[0][0]
