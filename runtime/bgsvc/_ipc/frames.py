"""Frames: four bytes of length, most significant first, then so many bytes of JSON."""

from __future__ import annotations

import threading

from bgsvc._lite.guards import is_object
from bgsvc._lite.json import compact, decode
from bgsvc._model import PROTOCOL_VERSION
from bgsvc._model.errors import IpcError, MessageInvalidError, describe_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from bgsvc._model.event import Event

    class Stream(Protocol):
        """A socket, or what behaves like one."""

        def recv(self, size: int, /) -> bytes:
            """Return some bytes, none at the end; BlockingIOError or TimeoutError if late."""
            ...

        def sendall(self, data: bytes, /) -> None:
            """Send everything."""

        def shutdown(self, how: int, /) -> None:
            """End both directions, waking whoever waits for either."""

        def close(self) -> None:
            """Give it back; nobody may be using it."""


LIMIT = 1 << 20
"""Bytes of JSON one frame may hold."""
_HEADER = 4
_CHUNK = 1 << 16


class FrameTooLongError(MessageInvalidError):
    """A frame announces more than a frame may hold; nothing behind it can be read."""


class Frames:
    """Both directions of one stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._rest = b""
        self._writing = threading.Lock()

    @property
    def partial(self) -> bool:
        """Whether a part of a frame has come and its end has not."""
        return bool(self._rest)

    def read(self) -> bytes | None:
        """Return the next frame's content; None at the end of the stream.

        Raises:
            FrameTooLongError: The other side announces more than a frame may hold.
            IpcError: The stream ended within a frame.
            OSError: It broke, or nothing came in time; what came is kept.
        """
        data = self._rest or self._stream.recv(_CHUNK)
        while True:
            if len(data) >= _HEADER:
                end = _HEADER + int.from_bytes(data[:_HEADER], "big")
                if end > LIMIT + _HEADER:
                    size = end - _HEADER
                    raise FrameTooLongError(f"a frame holds 1 MiB at most, not {size} bytes")
                if len(data) >= end:
                    self._rest = data[end:]
                    return data[_HEADER:end]
                data = self._more(data, end)
            elif not data:
                return None
            else:
                data = self._more(data, _HEADER)

    def _more(self, data: bytes, size: int) -> bytes:
        """Return `data` with what follows it, `size` bytes at least."""
        buffer = bytearray(data)
        try:
            while len(buffer) < size:
                chunk = self._stream.recv(_CHUNK)
                if not chunk:
                    raise IpcError("the other side ended within a frame")
                buffer += chunk
        finally:
            self._rest = bytes(buffer)
        return self._rest

    def write(self, frame: bytes) -> None:
        """Send a frame; of several threads one at a time.

        Raises:
            OSError: The stream broke, or the other side took too long to read.
        """
        with self._writing:
            self._stream.sendall(frame)

    def hang_up(self) -> None:
        """End both directions; whoever reads or writes sees it."""
        try:
            self._stream.shutdown(2)  # SHUT_RDWR, without importing `socket` for it
        except OSError:
            return  # the other side was first

    def close(self) -> None:
        """Give the stream back; nobody may be using it."""
        self._stream.close()


def framed(message: Mapping[str, object]) -> bytes:
    """Return a message, its version added, as a frame.

    Raises:
        MessageInvalidError: It does not fit.
    """
    return sealed(encode_json({"v": PROTOCOL_VERSION, **message}))


def encode_json(value: object) -> str:
    """Return `value` as JSON.

    Raises:
        MessageInvalidError: There is no way to say it.
    """
    try:
        return compact(value)
    except Exception as error:
        raise MessageInvalidError(f"not for JSON: {describe_error(error)}") from error


def sealed(text: str) -> bytes:
    """Return JSON as a frame.

    Raises:
        MessageInvalidError: It does not fit.
    """
    content = text.encode()
    if len(content) > LIMIT:
        raise MessageInvalidError(
            f"the message makes {len(content)} bytes; a frame holds 1 MiB",
            fix="send less at a time, or the name of a file",
        )
    return len(content).to_bytes(_HEADER, "big") + content


def event_frame(event: Event) -> bytes:
    """Return an event as a frame; one that does not fit goes without its data and says so."""
    fields = {"type": "event", **event.to_wire()}
    try:
        return framed(fields)
    except MessageInvalidError as error:
        return framed({**fields, "data": {}, "problem": error.to_wire()})


def unframed(content: bytes) -> dict[str, object]:
    """Return the message in a frame's content.

    Raises:
        MessageInvalidError: It is none.
    """
    try:
        message = decode(content)
    except (TypeError, ValueError) as error:
        raise MessageInvalidError(f"not JSON: {describe_error(error)}") from error
    if not is_object(message):
        raise MessageInvalidError("a message is a JSON object")
    return message
