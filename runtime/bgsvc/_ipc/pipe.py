"""The channel as a named pipe: Windows.

The pipe is for its user alone, refuses other machines, and its first instance is made by whoever
listens first or by nobody.
"""

from __future__ import annotations

import threading
import time
from binascii import crc32
from contextlib import suppress

from bgsvc._ipc.pipe_stream import BUFFER, FOREVER, Flag, PipeStream, finished
from bgsvc._ipc.windows_identity import (
    ADMINISTRATORS,
    SERVICE_OWNERS,
    SYSTEM,
    OnlyFor,
    client_sid,
    expect,
    own_sid,
    owner_sid,
    service_sid,
)
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError, PlatformError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bgsvc._ipc.address import Address

_winapi: Any = __import__("_winapi")  # what multiprocessing speaks to pipes with

_LONGEST = 256  # characters of a pipe's whole name: CreateNamedPipeW's documentation
_DUPLEX, _OVERLAPPED, _FIRST_INSTANCE = 0x00000003, 0x40000000, 0x00080000
_REJECT_REMOTE, _MOST_INSTANCES = 0x00000008, 255
_READ_WRITE, _OPEN_EXISTING = 0xC0000000, 3
_IDENTIFY_ONLY = 0x00110000  # SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION
_FILE_NOT_FOUND, _ACCESS_DENIED, _PIPE_BUSY, _INVALID_OWNER = 2, 5, 231, 1307
_SYNCHRONIZE, _TIMED_OUT = 0x00100000, 258


def pipe_name(address: Address) -> str:
    """Return the pipe of a daemon; a user's has the user's SID in its name."""
    whose = "system" if address.system else own_sid()
    start = rf"\\.\pipe\bgsvc-{whose}-"
    name = address.name
    if "\\" in name or len(start) + len(name) > _LONGEST:
        name = f"{crc32(name.encode()):08x}"
    return start + name


def listen(address: Address, patience: float) -> PipeListener:
    """Begin to listen at `address`, alone.

    Raises:
        AlreadyRunningError: Another process does.
        PlatformError: Windows refuses.
    """
    return PipeListener(address, patience)


def dial(address: Address, timeout: float) -> PipeStream:
    """Connect to the daemon at `address`, having made sure whose it is.

    Raises:
        IpcError: Nobody answers.
        NotAllowedError: Whoever is there is not whom we want to talk to, or will not talk to us.
    """
    name = pipe_name(address)
    try:
        handle = _opened(name, time.monotonic() + timeout)
    except OSError as error:
        if _code(error) == _ACCESS_DENIED:
            fix = "ask as the service's user, or as administrator where it is the system's"
            raise NotAllowedError(f"{name} is not for this user", fix=fix) from error
        text = f"nobody answers at {name}: {error}"
        raise IpcError(text, fix="start the service") from error
    try:
        expect(owner_sid(handle), _owners(address))
        return PipeStream(handle, timeout)
    except BaseException:
        _winapi.CloseHandle(handle)
        raise


def _owners(address: Address) -> frozenset[str]:
    """Return who may have made the pipe at `address`."""
    if not address.system:
        return frozenset({own_sid()})
    service, _, app = address.name.partition("@")
    return SERVICE_OWNERS | {service_sid(f"{app}.{service}")}


def is_alive(process: int) -> bool:
    """Return whether there is a process of this number."""
    try:
        handle = _winapi.OpenProcess(_SYNCHRONIZE, False, process)  # noqa: FBT003 - BOOL
    except OSError as error:
        return _code(error) == _ACCESS_DENIED
    try:
        return bool(_winapi.WaitForSingleObject(handle, 0) == _TIMED_OUT)
    finally:
        _winapi.CloseHandle(handle)


class PipeListener:
    """Where others connect: one instance of the pipe always waits for the next."""

    def __init__(self, address: Address, patience: float) -> None:
        self._name = pipe_name(address)
        self._patience = patience
        self._system = address.system
        self._own = own_sid()
        if _is_there(self._name):  # Wine knows no first instance; Windows makes sure below
            raise AlreadyRunningError(f"somebody listens at {self._name} already")
        self._accepting = threading.Lock()
        self._over = Flag()
        try:
            self._access, self._next = self._first()
        except BaseException as error:
            self._over.close()
            if not isinstance(error, OSError):
                raise
            if _code(error) == _ACCESS_DENIED:
                raise AlreadyRunningError(f"somebody listens at {self._name} already") from error
            raise PlatformError(f"cannot listen at {self._name}: {error}") from error

    def accept(self) -> tuple[PipeStream, Callable[[], None]]:
        """Wait for somebody to connect; also return what refuses those with no business here.

        Raises:
            OSError: Nobody did, or this is closed.
        """
        with self._accepting:
            if not self._next:
                raise ConnectionAbortedError("nobody listens any more")
            while not self._connected():
                self._exchanged().close()
            stream = self._exchanged()
        return stream, lambda: self._admit(stream.handle)

    def close(self) -> None:
        """Listen no more."""
        self._over.set()  # who waits in `accept` leaves it
        with self._accepting:
            handle, self._next = self._next, 0
            if handle:
                _winapi.CloseHandle(handle)
                self._access.free()
                self._over.close()

    def forget(self) -> None:
        """Do nothing: there is no fork here."""

    def _connected(self) -> bool:
        """Wait for somebody; False if who came has gone again: the instance is of no more use."""
        try:
            operation = _winapi.ConnectNamedPipe(self._next, overlapped=True)
            finished(operation, self._over, FOREVER)
        except BrokenPipeError:
            return False
        return True

    def _exchanged(self) -> PipeStream:
        """Return the instance that somebody has connected to; another waits in its place."""
        fresh = self._instance(self._access, 0)
        try:
            stream = PipeStream(self._next, self._patience)
        except BaseException:
            _winapi.CloseHandle(fresh)
            raise
        self._next = fresh
        return stream

    def _admit(self, handle: int) -> None:
        if not self._system:  # there the pipe's own list of users is the whole of it
            expect(client_sid(handle), frozenset({self._own}))

    def _first(self) -> tuple[OnlyFor, int]:
        """Return the first instance, and the access that all of them have."""
        if not self._system:
            return self._owned(self._own, self._own)
        users = (self._own, SYSTEM, ADMINISTRATORS)
        try:
            return self._owned(ADMINISTRATORS, *users)  # whom nobody else can put there
        except OSError as error:
            if _code(error) != _INVALID_OWNER:
                raise
            return self._owned(self._own, *users)  # a service that has few rights

    def _owned(self, *users: str) -> tuple[OnlyFor, int]:
        access = OnlyFor(*users)
        try:
            return access, self._instance(access, _FIRST_INSTANCE)
        except BaseException:
            access.free()
            raise

    def _instance(self, access: OnlyFor, first: int) -> int:
        handle: int = _winapi.CreateNamedPipe(
            self._name,
            _DUPLEX | _OVERLAPPED | first,
            _REJECT_REMOTE,  # of bytes, not of messages
            _MOST_INSTANCES,
            BUFFER,
            BUFFER,
            0,
            access.address,
        )
        return handle


def _is_there(name: str) -> bool:
    """Return whether there is such a pipe, without connecting to it."""
    try:
        _winapi.WaitNamedPipe(name, 1)
    except OSError as error:
        return _code(error) != _FILE_NOT_FOUND
    return True


def _opened(name: str, deadline: float) -> int:
    """Return a handle of the pipe, waiting for an instance of it that is free."""
    how = _OVERLAPPED | _IDENTIFY_ONLY
    while True:
        try:
            handle: int = _winapi.CreateFile(name, _READ_WRITE, 0, 0, _OPEN_EXISTING, how, 0)
        except OSError as error:
            left = int((deadline - time.monotonic()) * 1000)
            if _code(error) != _PIPE_BUSY or left <= 0:
                raise
            with suppress(OSError):
                _winapi.WaitNamedPipe(name, left)  # the next try tells what became of it
        else:
            return handle


def _code(error: OSError) -> int:
    code: object = getattr(error, "winerror", None)
    return code if isinstance(code, int) else 0
