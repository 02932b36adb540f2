"""A client's connection to a daemon: requests and their replies, one after the other."""

from __future__ import annotations

import os
import sys
import time
import weakref

from bgsvc._ipc.frames import Frames, encode_json, sealed, unframed
from bgsvc._ipc.transport import dial
from bgsvc._lite.guards import is_object
from bgsvc._model import PROTOCOL_VERSION as VERSION
from bgsvc._model.errors import IpcError, PlatformError, ProtocolError, from_wire
from bgsvc._storage.folders import default_data_dir, state_dir_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._ipc.address import Address

_REDIAL, _LONGEST = 0.02, 0.5


_made: weakref.WeakSet[PeerConnection] = weakref.WeakSet()


def _forked() -> None:
    """Let a fork's child know that its parent's links are not its own."""
    for link in list(_made):
        link.mine = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class PeerConnection:
    """One connection, greeted; not for several threads at a time.

    Attributes:
        mine: Whether this process made it: a fork's child is to make its own.
        instance: Which process of the daemon is at the other end.
    """

    def __init__(self, address: Address, service: str, timeout: float) -> None:
        self.mine = True
        _made.add(self)
        self._service = service
        self._frames_of: dict[str, bytes] = {}
        self._waiting = False
        self._heard: tuple[bytes, dict[str, object]] = (b"", {})
        stream = dial(address, timeout)
        self._frames = Frames(stream)
        try:
            hello = self.ask("hello", {})
        except BaseException:
            self.close()
            raise
        if not is_object(hello) or hello.get("service") != service:
            self.close()
            raise ProtocolError(f"whoever answers at {address.path} is not {service}'s daemon")
        self.instance = str(hello.get("instance"))

    def ask(self, kind: str, fields: Mapping[str, object]) -> object:
        """Send a request and return its result.

        Raises:
            BackgroundServiceError: The daemon's own error, its code kept.
            LinkLostError: The connection broke, or the answer did not come in time.
        """
        if self._waiting:  # whoever asked before was interrupted: the next answer is not ours
            raise ConnectionLostError("an answer is still to come", sent=False)
        frame = self._frame(kind, fields)
        self._waiting = True
        try:
            self._frames.write(frame)
        except OSError as error:
            self._parting_word()
            raise ConnectionLostError(f"the daemon has gone: {error}", sent=False) from error
        while True:
            reply = self.read()
            if reply.get("type") == "reply":
                self._waiting = False
                _refuse(reply)
                return reply.get("result")

    def _frame(self, kind: str, fields: Mapping[str, object]) -> bytes:
        """Return a request as a frame; one without fields is made once.

        All have the same id, for none is sent before the one before it is answered.
        """
        frame = None if fields else self._frames_of.get(kind)
        if frame is None:
            request = {"v": VERSION, "type": kind, "id": "1", "service": self._service, **fields}
            frame = sealed(encode_json(request))
            if not fields:
                self._frames_of[kind] = frame
        return frame

    def _parting_word(self) -> None:
        """Raise what the daemon said before it hung up, if it said why."""
        try:
            _refuse(self.read())
        except ConnectionLostError:
            return

    def read(self) -> dict[str, object]:
        """Return the next message.

        Raises:
            LinkLostError: There is none.
        """
        try:
            content = self._frames.read()
        except OSError as error:
            late = isinstance(error, (BlockingIOError, TimeoutError))
            text = "the daemon did not answer in time" if late else f"the daemon has gone: {error}"
            raise ConnectionLostError(text, late=late) from error
        if content is None:
            raise ConnectionLostError("the daemon has gone")
        before, message = self._heard
        if content != before:  # else it is what a daemon says that is asked over and over
            message = unframed(content)
            self._heard = content, message
        return message

    def hang_up(self) -> None:
        """End it, from any thread; whoever reads sees it."""
        self._frames.hang_up()

    def close(self) -> None:
        """Give it back."""
        self._frames.close()


def _refuse(reply: Mapping[str, object]) -> None:
    """Raise the error that a reply carries, if it does."""
    if reply.get("type") == "reply" and reply.get("ok") is not True:
        error = reply.get("error")
        raise from_wire(error if is_object(error) else {})


class ConnectionLostError(IpcError):
    """A connection that was there is no more.

    Attributes:
        sent: Whether the daemon may have had the request.
        late: Whether it is only that an answer did not come in time.
    """

    default_code = "ipc"
    default_fix = "see whether the service runs; ask again"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fix: str | None = None,
        sent: bool = True,
        late: bool = False,
    ) -> None:
        super().__init__(message, code=code, fix=fix)
        self.sent = sent
        self.late = late


def open_connection(
    address: Address, service: str, timeout: float, *, retry: bool
) -> PeerConnection:
    """Return a link; with `retry`, try for `timeout` seconds, for a daemon may be coming up.

    Raises:
        IpcError: Nobody answered in time.
        BackgroundServiceError: Whoever answered is not to be talked to.
    """
    deadline = time.monotonic() + timeout
    pause = _REDIAL
    while True:
        try:
            return PeerConnection(address, service, timeout)
        except IpcError:
            if not retry or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST)


def is_coming(app: str, data_dir: str | None, service: str) -> bool:
    """Return whether a process hosts the service, so that its channel will be there shortly.

    It only reads: to try the instance lock could make the process that starts fail.
    """
    try:
        folder = state_dir_in(data_dir or default_data_dir(app))
        with open(os.path.join(folder, f"{service}.pid"), encoding="ascii") as file:
            return _is_alive(int(file.read(32).partition(" ")[0]))
    except (OSError, ValueError, PlatformError):
        return False


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # where os.kill(…, 0) would be Ctrl+C
        from bgsvc._ipc.pipe import is_alive

        return is_alive(process)
    try:
        os.kill(process, 0)
    except PermissionError:
        return True  # somebody else's, and alive
    return True
