"""A service's events as a client sees them, over as many connections as it takes."""

from __future__ import annotations

import threading

from bgsvc._ipc import results
from bgsvc._ipc.connection import PeerConnection
from bgsvc._lite.guards import is_number, is_object
from bgsvc._model.errors import BackgroundServiceError, IpcError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._ipc.address import Address
    from bgsvc._model.event import Event

_SHORTEST, _LONGEST = 0.02, 2.0
_BRIEF = 1.0


class EventStream:
    """Iterates over events; waits for a daemon that is away, and asks it for what was missed.

    Attributes:
        seq: The number of the service's last event that came.
        dropped: How many events the daemon had forgotten before this reader came to them.
        closed: Whether it has ended.
    """

    def __init__(self, address: Address, service: str, after: int | None, timeout: float) -> None:
        self.seq = after or 0
        self.dropped = 0
        self.closed = False
        self._address = address
        self._service = service
        self._after = after
        self._timeout = timeout
        self._instance: str | None = None
        self._dropped_before = 0
        self._last: dict[str, int] = {}
        self._over = threading.Event()
        self._reading = threading.Lock()
        self._link: PeerConnection | None = self._subscribed()

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> Event:
        with self._reading:
            try:
                event = self._next()
            finally:
                if self.closed:
                    self._drop()
        if event is None:
            raise StopIteration
        return event

    def _next(self) -> Event | None:
        while not self.closed:
            try:
                if self._link is None:
                    self._link = self._subscribed_again()
                    continue
                message = self._link.read()
            except IpcError as error:
                if not getattr(error, "late", False):
                    self._drop()
                continue
            event = self._heard(message)
            if event is not None:
                return event
        return None

    def close(self) -> None:
        """End the iteration, from any thread."""
        self.closed = True
        self._over.set()
        link = self._link
        if link is not None:
            link.hang_up()
        if self._reading.acquire(timeout=_BRIEF):  # else whoever reads sees that it is over
            self._drop()
            self._reading.release()

    def _heard(self, message: dict[str, object]) -> Event | None:
        """Take a message in; return the event it is, unless it was known already."""
        count = message.get("count")
        if message.get("type") == "dropped" and is_number(count):
            self.dropped = self._dropped_before + int(count)
        if message.get("type") != "event":
            return None
        event = results.event(message)
        if event.seq <= self._last.get(event.service, 0):
            return None
        self._last[event.service] = event.seq
        if event.service == self._service:
            self._after = self.seq = event.seq
        return event

    def _subscribed(self) -> PeerConnection:
        link = PeerConnection(self._address, self._service, self._timeout)
        try:
            result = link.ask("events", {"after": self._after, "instance": self._instance})
        except BaseException:
            link.close()
            raise
        if link.instance != self._instance:
            self._instance = link.instance
            self._last = {}
        after = result.get("after") if is_object(result) else None
        self._after = int(after) if is_number(after) else 0
        self._dropped_before = self.dropped
        return link

    def _subscribed_again(self) -> PeerConnection | None:
        """Return a new subscription; None, after a while, if nobody answers."""
        pause = _SHORTEST
        while not self.closed:
            try:
                return self._subscribed()
            except BackgroundServiceError as error:
                if error.code != "ipc":
                    self.closed = True
                    raise
            self._over.wait(pause)
            pause = min(pause * 2, _LONGEST)
        return None

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
