"""The last events of a process, for readers that come late or read slowly.

There is one log whatever the number of readers; each has its place in it. A reader that falls
behind more than the log holds misses events, and the gap in their numbers says exactly how many.
"""

from __future__ import annotations

import threading
from collections import deque

from bgsvc._model.event import RESERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bgsvc._model.event import Event

VITAL_SIZE = 256
OWN_SIZE = 2048


class Entry:
    """An event, its place, and the frame it goes out as once somebody wanted it."""

    __slots__ = ("event", "frame", "place")

    def __init__(self, place: int, event: Event) -> None:
        self.place = place
        self.event = event
        self.frame: bytes | None = None


class EventLog:
    """Two rings, so that no flood of a service's events pushes out its `stopped`."""

    def __init__(
        self, early: Iterable[Event] = (), vital: int = VITAL_SIZE, own: int = OWN_SIZE
    ) -> None:
        self._lock = threading.Lock()
        self._news = threading.Condition(self._lock)
        self._rings: tuple[deque[Entry], deque[Entry]] = (deque(maxlen=vital), deque(maxlen=own))
        self._waiting = 0
        self._last: dict[str, int] = {}
        self.count = 0
        self.ended = False
        for event in early:
            self.append(event)

    def append(self, event: Event) -> None:
        """Add an event, forgetting the oldest of its kind if there is no room; waits for nobody."""
        with self._lock:
            self.count += 1
            self._last[event.service] = event.seq
            self._rings[event.event not in RESERVED].append(Entry(self.count, event))
            if self._waiting:
                self._news.notify_all()

    def newer(self, place: int) -> list[Entry]:
        """Return what is left of the events behind `place`, in order."""
        with self._lock:
            if place >= self.count:
                return []
            found = [*_newer(self._rings[0], place), *_newer(self._rings[1], place)]
        found.sort(key=_place)
        return found

    def wait(self, place: int, gone: Callable[[], bool]) -> bool:
        """Wait until there is something behind `place`; False once `gone()` or at the log's end.

        Whoever makes `gone()` true calls `stir`.
        """
        with self._lock:
            self._waiting += 1
            try:
                while place >= self.count and not self.ended and not gone():
                    self._news.wait()
            finally:
                self._waiting -= 1
            return place < self.count and not gone()

    def stir(self) -> None:
        """Wake all who wait, to look whether they are still wanted."""
        with self._lock:
            self._news.notify_all()

    def end(self) -> None:
        """Let nobody wait any more: nothing follows."""
        with self._lock:
            self.ended = True
            self._news.notify_all()

    def now(self) -> tuple[int, dict[str, int]]:
        """Return the log's last place, and each service's last number, at one moment."""
        with self._lock:
            return self.count, dict(self._last)


class Reader:
    """One reader's place in the log.

    Args:
        log: What it reads.
        service: The service that `after` is about.
        after: The number of the last event it has had; None if it wants only what follows.

    Attributes:
        place: The place of the last event it took.
        missed: How many events were gone before it came to them.
    """

    def __init__(self, log: EventLog, service: str, after: int | None) -> None:
        self._log = log
        self.missed = 0
        if after is None:
            self.place, self._last = log.now()
        else:
            self.place, self._last = 0, {service: after}
        self.after = self._last.get(service, 0)

    def take(self) -> list[Entry]:
        """Return what it has not had and is still there, and count what is not."""
        taken: list[Entry] = []
        for entry in self._log.newer(self.place):
            self.place = entry.place
            event = entry.event
            last = self._last.get(event.service, 0)
            if event.seq > last:
                self.missed += event.seq - last - 1
                self._last[event.service] = event.seq
                taken.append(entry)
        return taken


def _place(entry: Entry) -> int:
    return entry.place


def _newer(ring: deque[Entry], place: int) -> Iterator[Entry]:
    for entry in reversed(ring):
        if entry.place <= place:
            return
        yield entry
