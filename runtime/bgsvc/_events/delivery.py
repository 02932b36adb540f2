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

from bgsvc._events.ring_buffer import Ring, Subscription
from bgsvc._lite.guards import is_awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bgsvc._events.ring_buffer import Entry
    from bgsvc._model.event import Event

VITAL_SIZE = 1024
OWN_SIZE = 4096
STUCK_AFTER = 0.25  # seconds of real time a listener may take before others stop waiting for it


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

    def make_ready(self) -> None:
        """See that somebody leads, if the system has a thread to give."""
        with self._lock:
            if self._leader is None:
                self._lead_anew()

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
                listener.log_failure()
                continue
            if is_awaitable(result):
                from bgsvc._events.async_listener import hand_over

                rest = events[position + 1 :]
                return hand_over(listener, result, rest, lambda: self._released(listener))
        return False

    def _released(self, listener: Subscription) -> None:
        with self._lock:
            self._release(listener)


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
