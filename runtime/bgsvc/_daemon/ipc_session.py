"""One peer's connection to a daemon."""

from __future__ import annotations

import threading

from bgsvc._daemon.event_log import Reader
from bgsvc._ipc.frames import Frames, encode_json, event_frame, framed, sealed, unframed
from bgsvc._lite.guards import is_number
from bgsvc._model import PROTOCOL_VERSION as VERSION
from bgsvc._model.errors import (
    BackgroundServiceError,
    IpcError,
    MessageInvalidError,
    ProtocolError,
    normalize_background_service_error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._daemon.event_log import Entry, EventLog
    from bgsvc._daemon.ipc_requests import Requests
    from bgsvc._ipc.frames import Stream

_KEPT = 4096
"""Bytes up to which the frame of an event is kept for the next reader."""


class PeerSession:
    """Answers one peer, and brings it events once it has asked for them.

    Requests are read and answered in one thread, events sent in another, so a peer that reads
    slowly holds up its own session and nothing else.

    Attributes:
        busy: Whether a request is being answered.
    """

    def __init__(
        self, stream: Stream, requests: Requests, log: EventLog, admit: Callable[[], None]
    ) -> None:
        self.busy = False
        self._frames = Frames(stream)
        self._requests = requests
        self._log = log
        self._admit = admit
        self._greeted = False
        self._closed = False
        self._asked: tuple[bytes, dict[str, object]] = (b"", {})
        self._said: tuple[object, bytes] = (None, b"")
        self._reader: Reader | None = None
        self._pump: threading.Thread | None = None

    def serve(self) -> None:
        """Answer until the peer goes, breaks the rules or is told to go."""
        try:
            self._admit()
            self._converse()
        except BackgroundServiceError as error:
            self._try_to_say(error)
        except OSError:
            return  # the peer has gone, or does not read its replies
        finally:
            self.hang_up()
            if self._pump is not None:
                self._pump.join()
            self._frames.close()

    def hang_up(self) -> None:
        """End the conversation, from any thread."""
        self._closed = True
        self._frames.hang_up()
        self._log.stir()

    def forget(self) -> None:
        """Let go, in a fork's child, of what belongs to the parent."""
        self._frames.close()

    def sent(self, timeout: float) -> bool:
        """Wait until all events are sent, once the log has ended; False after `timeout`."""
        pump = self._pump
        if pump is not None:
            pump.join(timeout)
        return pump is None or not pump.is_alive()

    def _converse(self) -> None:
        while not self._closed:
            try:
                content = self._frames.read()
            except (BlockingIOError, TimeoutError):
                if self._frames.partial or not self._greeted:
                    raise IpcError("the peer took too long") from None
                continue
            if content is None:
                return
            self.busy = True
            try:
                self._frames.write(self._reply(content))
            finally:
                self.busy = False
            if self._reader is not None and self._pump is None:
                self._start_pump(self._reader)  # not before the reply is out

    def _reply(self, content: bytes) -> bytes:
        asked: object = None
        try:
            before, request = self._asked
            if content != before:  # else it is a peer that asks the same over and over
                request = unframed(content)
                self._asked, self._said = (content, request), (None, b"")
            asked = request.get("id")
            return self._done(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer gets it as a reply
            return _refusal(error, asked)

    def _done(self, request: Mapping[str, object]) -> bytes:
        """Do what is asked; a result that is the same object as the last is not encoded again."""
        result = self._result(request)
        said, frame = self._said
        if result is not said or result is None:
            asked = request.get("id")
            reply = {"v": VERSION, "type": "reply", "id": asked, "ok": True, "result": result}
            frame = sealed(encode_json(reply))
            self._said = result, frame
        return frame

    def _result(self, request: Mapping[str, object]) -> object:
        if request.get("v") != VERSION:
            raise ProtocolError(f"this daemon speaks {VERSION}, not {request.get('v')!r}")
        kind = request.get("type")
        if kind == "events" and self._greeted:
            return self._subscribe(request)
        if not self._greeted and kind != "hello":
            raise MessageInvalidError("say hello first")
        result = self._requests.answer(request)
        self._greeted = True
        return result

    def _subscribe(self, request: Mapping[str, object]) -> object:
        """Begin to send events: those behind `after`, or those from now on."""
        supervisor = self._requests.service(request)
        self._requests.require(supervisor, "on-plugin-event")
        if self._reader is not None:
            raise MessageInvalidError("this connection has its events already")
        after = request.get("after")
        if after is not None and (not is_number(after) or after < 0):
            raise MessageInvalidError("events.after must be a number from zero up")
        if request.get("instance") not in {None, self._requests.instance}:
            after = None if after is None else 0  # counted by a process that is no more
        service = supervisor.config.name
        self._reader = Reader(self._log, service, None if after is None else int(after))
        return {"instance": self._requests.instance, "after": self._reader.after}

    def _start_pump(self, reader: Reader) -> None:
        pump = threading.Thread(
            target=lambda: self._send_events(reader), name="bgsvc-channel-events", daemon=True
        )
        try:
            pump.start()
        except RuntimeError:
            raise IpcError("the system has no thread to give") from None
        self._pump = pump

    def _send_events(self, reader: Reader) -> None:
        said = 0
        try:
            while self._log.wait(reader.place, self._is_closed):
                entries = reader.take()
                if reader.missed > said:
                    said = reader.missed
                    self._frames.write(framed({"type": "dropped", "count": said}))
                for entry in entries:
                    self._frames.write(_frame(entry))
        except OSError:
            self.hang_up()  # the session's other thread sees it at its next read

    def _is_closed(self) -> bool:
        return self._closed

    def _try_to_say(self, error: BackgroundServiceError) -> None:
        try:
            self._frames.write(_refusal(error, None))
        except OSError:
            return


def _frame(entry: Entry) -> bytes:
    if entry.frame is not None:
        return entry.frame
    frame = event_frame(entry.event)
    if len(frame) <= _KEPT:
        entry.frame = frame
    return frame


def _refusal(error: Exception, asked: object) -> bytes:
    wire = normalize_background_service_error(error).to_wire()
    message = {"type": "reply", "ok": False, "error": wire}
    try:
        return framed({**message, "id": asked})
    except MessageInvalidError:  # an id of a megabyte
        return framed({**message, "id": None})
