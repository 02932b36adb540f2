"""A channel in this process, and peers that speak its frames by hand."""

import json
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ctypes import byref, c_uint32, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING

from bgsvc._daemon.event_log import EventLog
from bgsvc._daemon.ipc_server import IpcServer
from bgsvc._engine.ports import real_ports
from bgsvc._engine.runtime import Runtime
from bgsvc._engine.supervisor import Supervisor
from bgsvc._events.bus import Bus, EventSource
from bgsvc._ipc.address import Address
from bgsvc._lite.guards import is_object
from bgsvc._ports.host import Host
from bgsvc._service.entry import config_of
from tests.runtime.services import SyncService

if TYPE_CHECKING:
    from bgsvc._ipc.frames import Stream

if sys.platform == "win32":
    from _winapi import PeekNamedPipe
    from ctypes import WinDLL

    from bgsvc._ipc.pipe import dial
    from bgsvc._ipc.pipe_stream import PipeStream

TIMEOUT_S = 60.0


@contextmanager
def short_folder() -> Generator[Path]:
    """Return a private folder whose path leaves room for a socket's name."""
    folder = tempfile.mkdtemp(prefix="b")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder)


def dialled(address: Address, patience: float = TIMEOUT_S) -> "Stream":
    """Return a stream to whoever listens there; on Unix past every check of ours."""
    if sys.platform == "win32":
        return dial(address, patience)
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(patience)
    try:
        stream.connect(address.path)
    except OSError:
        stream.close()
        raise
    return stream


def come(stream: "Stream") -> bytes:
    """Return what has come; BlockingIOError if nothing has."""
    if sys.platform == "win32":
        assert isinstance(stream, PipeStream)
        waiting, _ = PeekNamedPipe(stream.handle)
        if not waiting:
            raise BlockingIOError
        return stream.recv(waiting)
    assert isinstance(stream, socket.socket)
    stream.settimeout(0)
    try:
        return stream.recv(1 << 16)
    finally:
        stream.settimeout(TIMEOUT_S)


class Peer:
    """The other end of a channel, byte by byte."""

    def __init__(self, address: Address) -> None:
        self.stream = dialled(address)

    def send(self, **fields: object) -> None:
        self.frame(json.dumps({"v": 1, "id": "1", **fields}).encode())

    def frame(self, content: bytes) -> None:
        self.stream.sendall(len(content).to_bytes(4, "big") + content)

    def read(self) -> "dict[str, object] | None":
        """Return the next message; None at the end of the stream."""
        try:
            size = int.from_bytes(self._exactly(4), "big")
            message: dict[str, object] = json.loads(self._exactly(size))
        except EOFError:
            return None
        return message

    def ask(self, **fields: object) -> "dict[str, object]":
        self.send(**fields)
        reply = self.read()
        assert reply is not None
        return reply

    def refusal(self, **fields: object) -> str:
        return code_of(self.ask(**fields))

    def greeted(self) -> "Peer":
        assert self.ask(type="hello")["ok"] is True
        return self

    def drained(self) -> int:
        """Read what has come so far, without waiting; return how many bytes."""
        try:
            return len(come(self.stream))
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return 0

    def close(self) -> None:
        self.stream.close()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                more = self.stream.recv(size - len(data))
            except (BrokenPipeError, ConnectionResetError):
                more = b""
            if not more:
                raise EOFError
            data += more
        return data


def code_of(reply: "dict[str, object] | None") -> str:
    """Return the code of the error that a reply carries."""
    assert reply is not None
    error = reply["error"]
    assert is_object(error)
    assert error.keys() == {"code", "message", "fix"}
    return str(error["code"])


class Daemon:
    """A channel beside its test."""

    def __init__(self, folder: Path, patience: float, own: int) -> None:
        self.bus = Bus()
        self.runtime = Runtime(real_ports(Host(), self.bus, str(folder / "data")))
        self.service: Supervisor = self.runtime.adopt(config_of(SyncService), SyncService)
        self.log = EventLog(own=own)
        self.bus.tap(self.log.append)
        self.address = Address(str(folder / "run"), f"sync@{folder.name}")
        self.channel = IpcServer(self.runtime, self.address, "test", self.log, patience)
        self.source = EventSource("sync", self.bus, self.runtime.ports.clock)

    def peer(self) -> Peer:
        return Peer(self.address)


@contextmanager
def daemon(patience: float = TIMEOUT_S, own: int = 2048) -> Generator[Daemon]:
    with short_folder() as folder:
        made = Daemon(folder, patience, own)
        try:
            yield made
        finally:
            made.channel.close()
            made.bus.close()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < until, "it never was so"
        time.sleep(0.005)


def belongings() -> "tuple[int, int]":
    """Return how many threads and descriptors, or handles, this process has."""
    if sys.platform == "win32":
        kernel = WinDLL("kernel32")
        count = c_uint32()
        assert kernel.GetProcessHandleCount(c_void_p(-1), byref(count))  # -1: this process
        return threading.active_count(), count.value
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


def no_more(before: "tuple[int, int]") -> bool:
    """Return whether this process has no more of either than it had."""
    return all(now <= then for now, then in zip(belongings(), before, strict=True))


def resident() -> int:
    """Return how many bytes of memory this process has; on Windows it is not asked."""
    if sys.platform == "win32":
        return 0
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
