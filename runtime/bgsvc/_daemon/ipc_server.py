"""The daemon's end of the channel: who may connect, and what becomes of them."""

from __future__ import annotations

import os
import threading
import time
import weakref

from bgsvc._daemon.ipc_requests import Requests
from bgsvc._daemon.ipc_session import PeerSession
from bgsvc._desktop.host import LocalHost
from bgsvc._ipc.address import own_address
from bgsvc._ipc.frames import framed
from bgsvc._ipc.transport import listen
from bgsvc._model.errors import BackgroundServiceError, IpcError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._daemon.event_log import EventLog
    from bgsvc._engine.runtime import Runtime
    from bgsvc._ipc.address import Address
    from bgsvc._ipc.frames import Stream
    from bgsvc._ipc.transport import Listener

MOST_PEERS = 64
PATIENCE = 30.0
"""Seconds a peer may take for its hello, for the rest of a frame, and to read a reply."""
FAREWELL = 1.0
"""Seconds the end of the process waits for peers to be told of it."""
_PAUSE = 0.1


class IpcServer:
    """Listens, and serves each peer in a thread of its own."""

    def __init__(
        self,
        runtime: Runtime,
        address: Address,
        app: str,
        log: EventLog,
        patience: float = PATIENCE,
    ) -> None:
        self.log = log
        self.address = address
        self._requests = Requests(runtime, app)
        self._lock = threading.Lock()
        self._sessions: set[PeerSession] = set()
        self._over = threading.Event()
        self._listener: Listener = listen(address, patience)
        _forget_in_children(self)
        self._thread = threading.Thread(target=self._welcome, name="bgsvc-channel", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let peers have what is still theirs, for a second at most, then hang up."""
        if self._over.is_set():
            return
        self._over.set()
        self.log.end()
        self._listener.close()
        deadline = time.monotonic() + FAREWELL
        for session in self._all():
            session.sent(max(0.0, deadline - time.monotonic()))
        while any(session.busy for session in self._all()) and time.monotonic() < deadline:
            time.sleep(0.005)
        for session in self._all():
            session.hang_up()
        self._thread.join(FAREWELL)

    @property
    def peers(self) -> int:
        """How many are being served."""
        return len(self._sessions)

    def _all(self) -> list[PeerSession]:
        with self._lock:
            return list(self._sessions)

    def _welcome(self) -> None:
        while not self._over.is_set():
            try:
                stream, admit = self._listener.accept()
            except OSError:  # no descriptors left, or a peer that has gone again
                self._over.wait(_PAUSE)
                continue
            self._begin(stream, admit)

    def _begin(self, stream: Stream, admit: Callable[[], None]) -> None:
        if self._over.is_set() or len(self._sessions) >= MOST_PEERS:
            _turn_away(stream, f"{MOST_PEERS} peers are here already")
            return
        session = PeerSession(stream, self._requests, self.log, admit)
        with self._lock:
            self._sessions.add(session)
        thread = threading.Thread(
            target=lambda: self._serve(session), name="bgsvc-channel-peer", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._sessions.discard(session)
            _turn_away(stream, "the system has no thread to give")

    def _serve(self, session: PeerSession) -> None:
        try:
            session.serve()
        finally:
            with self._lock:
                self._sessions.discard(session)

    def forget(self) -> None:
        """Close everything in a fork's child, or a peer would wait for it after our end."""
        if self._over.is_set():
            return
        self._over.set()
        self._listener.forget()
        for session in list(self._sessions):
            session.forget()


_open: weakref.WeakSet[IpcServer] = weakref.WeakSet()


def _forget_in_children(channel: IpcServer) -> None:
    if not _open and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_forget_all)
    _open.add(channel)


def _forget_all() -> None:
    for channel in list(_open):
        channel.forget()


def open_channel(runtime: Runtime, service: str, data_dir: str | None, log: EventLog) -> IpcServer:
    """Open the channel of `service`, which this process hosts.

    Args:
        runtime: Where the service is.
        service: Its name.
        data_dir: The folder of its state, if one was named.
        log: Where its events are and will be.

    Raises:
        AlreadyRunningError: Another daemon has the channel.
        BackgroundServiceError: There can be none.
    """
    host = runtime.ports.host
    app = host.app if isinstance(host, LocalHost) else "bgsvc"
    return IpcServer(runtime, own_address(service, host, app, data_dir), app, log)


def _turn_away(stream: Stream, why: str) -> None:
    error: BackgroundServiceError = IpcError(why, fix="try again later")
    try:
        stream.sendall(framed({"type": "reply", "id": None, "ok": False, "error": error.to_wire()}))
    except OSError:
        pass
    finally:
        stream.close()
