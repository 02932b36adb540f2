"""Brings events to listeners: in order, bounded, and past any listener that is stuck.

All listeners share two rings, one for the runtime's own events and one for the services', so
that a flood of the latter cannot push out a `stopped`. Each listener has a place in both. One
thread, the leader, serves whoever is behind. While it is inside a listener another thread
watches; if the listener keeps it too long the watcher leads, and the stuck thread ends by
itself once its listener lets go. So a stuck listener costs one thread and nobody's time.
"""

from __future__ import annotations

import sys
import threading
from collections import deque

from bgsvc._kinds import is_awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from bgsvc._events import Event

    Entry = tuple[int, int, Event]  # place among all events, number among its kind, the event

VITAL_SIZE = 1024
OWN_SIZE = 4096
BATCH = 64
STUCK_AFTER = 0.25  # seconds of real time a listener may take before others stop waiting for it


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


class Delivery:
    """The rings, the listeners and the threads between them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._watch = threading.Condition(self._lock)
        self._served = threading.Condition(self._lock)
        self._putting = threading.Lock()  # held by whoever emits, never by the leader
        self._rings = (Ring(VITAL_SIZE), Ring(OWN_SIZE))
        self._inboxes: tuple[deque[Entry], deque[Entry]] = (
            deque(maxlen=VITAL_SIZE),
            deque(maxlen=OWN_SIZE),
        )
        self._counts = [0, 0]
        self._order = 0
        self._listeners: list[Subscription] = []
        self._next = 0
        self._leader: threading.Thread | None = None
        self._watcher: threading.Thread | None = None
        self._idle = False
        self._inside = False
        self._ticket = 0

    def put(self, event: Event, *, vital: bool) -> None:
        """Queue an event for every listener there is; never waits for one, nor for the leader."""
        which = 0 if vital else 1
        with self._putting:
            if not self._listeners:
                return
            self._order += 1
            self._inboxes[which].append((self._order, self._counts[which], event))
            self._counts[which] += 1
        if self._idle:
            self._rouse()

    def _rouse(self) -> None:
        """See that somebody leads, and somebody watches where one listener may hold up another."""
        with self._lock:
            self._idle = False
            if self._leader is None and not self._lead_anew():
                self._idle = True  # no thread to be had: the next event tries again
                return
            self._see_to_watch()
            self._work.notify()

    def subscribe(self, callback: Callable[[Event], object]) -> Subscription:
        """Add a listener; an `async def` one runs in the loop it was added from, if any."""
        listener = Subscription(callback, self._rings, _running_loop(), self._unsubscribe)
        with self._lock:
            with self._putting:
                listener.places = [*self._counts]
                self._listeners.append(listener)
            self._idle = self._idle or self._leader is None  # so that the first event knocks
            if self._leader is not None:
                self._see_to_watch()  # the leader may be stuck in the only listener there was
        return listener

    def _unsubscribe(self, listener: Subscription) -> None:
        with self._lock:
            listener.closed = True
            if listener in self._listeners:
                self._listeners.remove(listener)
            self._served.notify_all()

    def drain(self, timeout: float) -> bool:
        """Wait until nobody is behind or busy; False after `timeout` seconds."""
        with self._lock:
            return self._served.wait_for(self._all_served, timeout)

    def _all_served(self) -> bool:
        if any(self._inboxes) and self._listeners:
            return False
        return not any(one.behind() or one.busy for one in self._listeners)

    def _collect(self) -> None:
        """Move what was emitted into the rings."""
        for inbox, ring in zip(self._inboxes, self._rings, strict=True):
            for _ in range(len(inbox)):
                try:
                    ring.put(inbox.popleft())
                except IndexError:  # pushed out by a newer one meanwhile
                    break

    def _see_to_watch(self) -> None:
        """Start the watcher where one listener may hold up another."""
        if self._watcher is None and len(self._listeners) > 1:
            self._watcher = _started(self._keep_watch, "bgsvc-events-watch")

    def _lead_anew(self) -> bool:
        """Put a new thread in the lead; False if the system has none to give."""
        thread = _started(self._lead, "bgsvc-events")
        self._leader = thread or self._leader
        return thread is not None

    def _pick(self) -> Subscription | None:
        """Return the next listener, taking turns, that is behind and free."""
        count = len(self._listeners)
        for step in range(count):
            listener = self._listeners[(self._next + step) % count]
            if not listener.busy and listener.behind():
                self._next = (self._next + step + 1) % count
                return listener
        return None

    def _lead(self) -> None:
        me = threading.current_thread()
        while True:
            with self._lock:
                listener = self._await_work()
                listener.busy = True
                events = listener.take()
                self._ticket += 1
                if not self._inside:
                    self._inside = True
                    self._watch.notify()
            later = self._serve(listener, events)
            events.clear()
            with self._lock:
                if not later:
                    self._release(listener)
                if self._leader is not me:
                    return
            del listener

    def _await_work(self) -> Subscription:
        """Return who is to be served next, waiting for there to be somebody."""
        self._collect()
        listener = self._pick()
        while listener is None:
            self._inside = False
            self._idle = True  # from here on an emitter knocks; then look once more
            self._collect()
            listener = self._pick()
            if listener is None:
                self._served.notify_all()
                self._work.wait()
                self._collect()
                listener = self._pick()
        self._idle = False
        return listener

    def _release(self, listener: Subscription) -> None:
        listener.busy = False
        self._served.notify_all()
        if listener.behind() and self._idle:
            self._idle = False
            self._work.notify()

    def _keep_watch(self) -> None:
        with self._lock:
            while True:
                while not self._inside:
                    self._watch.wait()
                ticket = self._ticket
                self._watch.wait(STUCK_AFTER)
                if self._ticket == ticket and self._led_in_vain():
                    self._lead_anew()

    def _led_in_vain(self) -> bool:
        """Return whether the leader is inside a listener, not waiting for work."""
        return self._inside and not self._idle

    def _serve(self, listener: Subscription, events: list[Event]) -> bool:
        """Call a listener; True if it goes on in its own loop and is released from there."""
        for position, event in enumerate(events):
            if listener.closed:
                return False
            try:
                result = listener.callback(event)
            except BaseException:  # noqa: BLE001 - a listener's failure is its own
                _log_failure(listener)
                continue
            if is_awaitable(result):
                return self._await_rest(listener, result, events[position + 1 :])
        return False

    def _await_rest(
        self, listener: Subscription, first: Awaitable[object], rest: list[Event]
    ) -> bool:
        import asyncio

        work = _call_all(listener, first, rest)
        loop = listener.loop
        if loop is None:
            try:
                asyncio.run(work)
            except BaseException:  # noqa: BLE001 - as in `_serve`
                _log_failure(listener)
            return False
        try:
            future = asyncio.run_coroutine_threadsafe(work, loop)
        except RuntimeError:  # its loop has been closed: nobody is there to listen
            work.close()
            close: object = getattr(first, "close", None)
            if callable(close):
                close()
            self._unsubscribe(listener)
            return False
        future.add_done_callback(lambda _: self._released(listener))
        return True

    def _released(self, listener: Subscription) -> None:
        with self._lock:
            self._release(listener)


async def _call_all(listener: Subscription, first: Awaitable[object], rest: list[Event]) -> None:
    """Await one call already made, then make and await those for `rest`."""
    from functools import partial

    await _called(listener, lambda: first)
    for event in rest:
        await _called(listener, partial(listener.callback, event))


async def _called(listener: Subscription, call: Callable[[], object]) -> None:
    try:
        result = call()
        if is_awaitable(result):
            await result
    except GeneratorExit:  # the loop is being closed
        raise
    except BaseException:  # noqa: BLE001 - a listener's failure is its own, a cancelled one too
        _log_failure(listener)


def _started(target: Callable[[], None], name: str) -> threading.Thread | None:
    """Return a new daemon thread that runs `target`; None if the system has none to give."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return this thread's running loop, without importing asyncio where nobody has."""
    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _log_failure(listener: Subscription) -> None:
    import logging

    text = "the event listener %r failed"
    logging.getLogger("bgsvc").error(text, listener.callback, exc_info=sys.exc_info())
