"""A client of a service's daemon, such as its app's user interface."""

from __future__ import annotations

import os
import threading

from bgsvc._ipc import results
from bgsvc._ipc.address import address_of
from bgsvc._ipc.connection import ConnectionLostError, is_coming, open_connection
from bgsvc._model.config import require_callable
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import BackgroundServiceError, IpcError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from bgsvc._ipc.connection import PeerConnection
    from bgsvc._ipc.event_stream import EventStream
    from bgsvc._model.event import Event
    from bgsvc._model.platform_reports import PlatformCapabilities, SetupReport
    from bgsvc._model.status import DesiredState, ServiceStatus, StartResult

TIMEOUT = 5.0
_PATIENT = 0.9
"""The part of the timeout that a stop may take, so that its answer is still heard."""
_HARMLESS = frozenset({"hello", "running", "state", "desired", "capabilities", "validate"})


def connect(
    service: str,
    *,
    app: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    scope: str = "user",
    timeout: float = TIMEOUT,
) -> Connection:
    """Connect to the process that runs `service`.

    Args:
        service: The service's name.
        app: The app's id, as the daemon was given it.
        data_dir: The folder of its state, if the daemon was given one.
        scope: `user`, or `system` for a service of the whole machine.
        timeout: Seconds to wait for each answer, and for a daemon that is just coming up.

    Raises:
        IpcError: Nobody answers.
        NotAllowedError: Whoever answers is somebody else's process.
    """
    made = Connection(service, app=app, data_dir=data_dir, scope=scope, timeout=timeout)
    try:
        made.open()
    except BaseException:
        made.close()
        raise
    return made


def is_reachable(service: str, *, app: str, scope: str = "user", timeout: float = 0.5) -> bool:
    """Return whether the daemon of `service` can be talked to from here, now."""
    made = Connection(service, app=app, scope=scope, timeout=timeout)
    try:
        made.open(wait=False)
    except BackgroundServiceError:
        return False
    finally:
        made.close()
    return True


class Connection:
    """Talks to a service's daemon; connects again by itself when that was restarted.

    Its methods may be called from any thread, and go by turns. Errors are those that the same
    call raises in the daemon, codes and all.
    """

    def __init__(
        self,
        service: str,
        *,
        app: str | None = None,
        data_dir: str | os.PathLike[str] | None = None,
        scope: str = "user",
        timeout: float = TIMEOUT,
    ) -> None:
        folder = None if data_dir is None else os.fspath(data_dir)
        self.service = service
        self._address = address_of(service, app, folder, scope)
        self._data_dir = folder
        self._app = app or "bgsvc"
        self._timeout = timeout
        self._lock = threading.Lock()
        self._link: PeerConnection | None = None
        self._streams: list[EventStream] = []
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open(self, *, wait: bool = True) -> None:
        """Connect now, if that is not so; with `wait`, also to a daemon that is just coming up."""
        with self._lock:
            if self._link is None:
                coming = wait and is_coming(self._app, self._data_dir, self.service)
                self._link = open_connection(
                    self._address, self.service, self._timeout, retry=coming
                )

    def close(self) -> None:
        """Hang up, and end every iteration over events."""
        self._closed = True
        for stream in list(self._streams):
            stream.close()
        link = self._link
        if link is not None and link.mine:
            link.hang_up()  # wakes whoever waits for an answer
        with self._lock:
            self._drop()

    def start(self, reason: StartReason = StartReason.APP) -> StartResult:
        """Start the service; see `bgsvc.start_service`."""
        return results.start_result(self._ask("start", reason=reason.value))

    def stop(
        self, reason: StopReason = StopReason.USER_STOP, *, wait: bool = True
    ) -> ServiceStatus:
        """Stop the service and return its state: `stopped`, or `stopping` if it is not over yet.

        Args:
            reason: Why; `USER_STOP` or `APP_STOP`.
            wait: Whether to wait for the end, most of this connection's timeout.
        """
        seconds = self._timeout * _PATIENT if wait else 0
        return results.status(self._ask("stop", reason=reason.value, wait=seconds))

    def is_running(self) -> bool:
        """Return whether a run is under way."""
        return results.running(self._ask("running"))

    def state(self) -> ServiceStatus:
        """Return the service's state, desired state, last error and history."""
        return results.status(self._ask("state"))

    def desired_state(self) -> DesiredState:
        """Return what is wanted of the service after the next boot."""
        return results.desired(self._ask("desired"))

    def enable_auto_restart(self) -> DesiredState:
        """Want the service after the next boot."""
        return results.desired(self._ask("wish", running=True))

    def disable_auto_restart(self) -> DesiredState:
        """No longer want the service after the next boot."""
        return results.desired(self._ask("wish", running=False))

    def capabilities(self) -> PlatformCapabilities:
        """Return what the platform promises the daemon."""
        return results.capabilities(self._ask("capabilities"))

    def validate(self) -> SetupReport:
        """Let the daemon look whether its service can work where it is."""
        return results.setup_report(self._ask("validate"))

    def send(self, data: object) -> None:
        """Hand `data` to the service's `ctx.on_message` callbacks.

        What JSON cannot carry (a set, bytes, NaN, an object) arrives as its `repr`.

        Raises:
            NotRunningError: There is no run to hand it to.
        """
        self._ask("message", data=data)

    def events(self, after: int | None = None) -> EventStream:
        """Return the service's events, to iterate over.

        Args:
            after: The number of the last event that is known, 0 for all that the daemon
                remembers; None for those from now on.
        """
        from bgsvc._ipc.event_stream import EventStream  # not every client reads events

        stream = EventStream(self._address, self.service, after, self._timeout)
        self._streams = [one for one in self._streams if not one.closed] + [stream]
        return stream

    def on_event(
        self, callback: Callable[[Event], object], after: int | None = None
    ) -> Callable[[], None]:
        """Call `callback` with every event, in a thread of its own.

        Returns a function that ends it.
        """
        require_callable(callback)
        stream = self.events(after)

        def listen() -> None:
            for event in stream:
                try:
                    callback(event)
                except Exception:
                    import logging

                    logging.getLogger("bgsvc").exception("an event callback failed")

        threading.Thread(target=listen, name="bgsvc-events", daemon=True).start()
        return stream.close

    def _ask(self, kind: str, **fields: object) -> object:
        with self._lock:
            link = self._linked()
            try:
                return link.ask(kind, fields)
            except ConnectionLostError as error:
                self._drop()
                if error.late or (error.sent and kind not in _HARMLESS):
                    raise
                return self._linked().ask(kind, fields)

    def _linked(self) -> PeerConnection:
        """Return a link that is this process's own."""
        if self._closed:
            raise IpcError("the connection was closed", fix="connect again")
        if self._link is not None and not self._link.mine:
            self._drop()
        if self._link is None:
            self._link = open_connection(self._address, self.service, self._timeout, retry=True)
        return self._link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
