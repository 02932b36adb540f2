"""The client for programs that live in an event loop: the same, without holding the loop up."""

from __future__ import annotations

import asyncio
import threading

from bgsvc._ipc.client import TIMEOUT, Connection
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import BackgroundServiceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from types import TracebackType

    from typing_extensions import Self

    from bgsvc._ipc.event_stream import EventStream
    from bgsvc._model.event import Event
    from bgsvc._model.platform_reports import PlatformCapabilities, SetupReport
    from bgsvc._model.status import DesiredState, ServiceStatus, StartResult

_AHEAD = 64
"""Events taken from the daemon before the loop has asked for them."""


def connect_async(
    service: str,
    *,
    app: str | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    scope: str = "user",
    timeout: float = TIMEOUT,
) -> AsyncConnection:
    """Return what `async with` connects to the process that runs `service`.

    Args:
        service: The service's name.
        app: The app's id, as the daemon was given it.
        data_dir: The folder of its state, if the daemon was given one.
        scope: `user`, or `system` for a service of the whole machine.
        timeout: Seconds to wait for it, and later for each answer.
    """
    return AsyncConnection(
        Connection(service, app=app, data_dir=data_dir, scope=scope, timeout=timeout)
    )


class AsyncConnection:
    """`bgsvc.Connection`, its methods awaited."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._connection.open)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up, and end every iteration over events."""
        await asyncio.to_thread(self._connection.close)

    async def start(self, reason: StartReason = StartReason.APP) -> StartResult:
        """Start the service."""
        return await asyncio.to_thread(self._connection.start, reason)

    async def stop(
        self, reason: StopReason = StopReason.USER_STOP, *, wait: bool = True
    ) -> ServiceStatus:
        """Stop the service."""
        return await asyncio.to_thread(self._connection.stop, reason, wait=wait)

    async def is_running(self) -> bool:
        """Return whether a run is under way."""
        return await asyncio.to_thread(self._connection.is_running)

    async def state(self) -> ServiceStatus:
        """Return the service's state, desired state, last error and history."""
        return await asyncio.to_thread(self._connection.state)

    async def desired_state(self) -> DesiredState:
        """Return what is wanted of the service after the next boot."""
        return await asyncio.to_thread(self._connection.desired_state)

    async def enable_auto_restart(self) -> DesiredState:
        """Want the service after the next boot."""
        return await asyncio.to_thread(self._connection.enable_auto_restart)

    async def disable_auto_restart(self) -> DesiredState:
        """No longer want the service after the next boot."""
        return await asyncio.to_thread(self._connection.disable_auto_restart)

    async def capabilities(self) -> PlatformCapabilities:
        """Return what the platform promises the daemon."""
        return await asyncio.to_thread(self._connection.capabilities)

    async def validate(self) -> SetupReport:
        """Let the daemon look whether its service can work where it is."""
        return await asyncio.to_thread(self._connection.validate)

    async def send(self, data: object) -> None:
        """Hand `data` to the service's `ctx.on_message` callbacks."""
        await asyncio.to_thread(self._connection.send, data)

    async def events(self, after: int | None = None) -> AsyncEventStream:
        """Return the service's events, for `async for`; `after` as in `Connection.events`."""
        stream = await asyncio.to_thread(self._connection.events, after)
        return AsyncEventStream(stream, asyncio.get_running_loop())


class AsyncEventStream:
    """Iterates over events in a loop; a thread of its own waits for them.

    It takes few events ahead: a loop that does not keep up makes the daemon forget, as any slow
    reader does, and `dropped` says how many.
    """

    def __init__(self, stream: EventStream, loop: asyncio.AbstractEventLoop) -> None:
        self._stream = stream
        self._loop = loop
        self._queue: asyncio.Queue[Event | BackgroundServiceError | None] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        threading.Thread(target=self._fetch, name="bgsvc-events", daemon=True).start()

    def __aiter__(self) -> AsyncEventStream:
        return self

    async def __anext__(self) -> Event:
        found = await self._queue.get()
        self._room.release()
        if isinstance(found, BackgroundServiceError):
            raise found
        if found is None:
            self._queue.put_nowait(None)
            raise StopAsyncIteration
        return found

    @property
    def seq(self) -> int:
        """The number of the last event that came from the daemon."""
        return self._stream.seq

    @property
    def dropped(self) -> int:
        """How many events the daemon had forgotten before this reader came to them."""
        return self._stream.dropped

    def close(self) -> None:
        """End the iteration."""
        self._stream.close()
        self._room.release()

    def _fetch(self) -> None:
        try:
            for event in self._stream:
                self._put(event)
                self._room.acquire()
        except BackgroundServiceError as error:
            self._put(error)
        self._put(None)

    def _put(self, item: Event | BackgroundServiceError | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
        except RuntimeError:  # the loop has ended, and nobody listens
            self._stream.close()
