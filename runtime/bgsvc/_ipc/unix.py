"""The channel as a Unix socket: Linux and macOS."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import struct
import sys

from bgsvc._ipc.address import check_private, make_private, system_owner
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError, PlatformError
from bgsvc._storage.locks import InstanceLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._ipc.address import Address

BACKLOG = 128
_XUCRED = struct.Struct("=IIh2x16I")  # xnu's sys/ucred.h: version, uid, number of groups, groups


def listen(address: Address, patience: float) -> UnixListener:
    """Begin to listen at `address`, alone.

    Raises:
        AlreadyRunningError: Another daemon does.
        NotAllowedError: Something that is not ours is in the way.
        PlatformError: The system refuses.
    """
    return UnixListener(address, patience)


class UnixListener:
    """A listening socket, and the lock that says whose turn it is to have one there."""

    def __init__(self, address: Address, patience: float) -> None:
        self._path = address.path
        self._patience = patience
        self._over = False
        make_private(address.folder)
        self._lock = InstanceLock(address.folder, os.path.basename(self._path))
        if not self._lock.acquire():
            holder = self._lock.holder()
            raise AlreadyRunningError(f"process {holder} listens at {self._path} already")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            _clear_the_way(self._path)
            self._socket.bind(self._path)
            self._mark = _mark_of(self._path)
            os.chmod(self._path, 0o600)
            self._socket.listen(BACKLOG)
        except BaseException as error:
            self._socket.close()
            self._lock.release()
            if isinstance(error, OSError):
                raise PlatformError(f"cannot listen at {self._path}: {error}") from error
            raise

    def accept(self) -> tuple[socket.socket, Callable[[], None]]:
        """Wait for somebody to connect; also return what refuses those with no business here.

        Raises:
            OSError: Nobody did, or this is closed.
        """
        stream, _ = self._socket.accept()
        if self._over:
            stream.close()
            raise ConnectionAbortedError("nobody listens any more")
        set_patience(stream, self._patience)
        return stream, lambda: _admit(stream)

    def close(self) -> None:
        """Listen no more, and take away what was made and is still there."""
        self._over = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits in `accept` on Linux
        if _mark_of(self._path) == self._mark:
            with contextlib.suppress(OSError):
                _knock(self._path)  # wakes them elsewhere
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        self.forget()

    def forget(self) -> None:
        """Give the descriptors back and leave the rest: a fork's child has no part in it."""
        self._socket.close()
        self._lock.release()


def dial(address: Address, timeout: float) -> socket.socket:
    """Connect to the daemon at `address`, having made sure whose it is.

    Raises:
        IpcError: Nobody answers.
        NotAllowedError: Whoever is there is not whom we want to talk to, or will not talk to us.
    """
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        owner = _expected_owner(address)
        stream.settimeout(timeout)
        stream.connect(address.path)
        _trust(stream, owner)
    except BaseException as error:
        stream.close()
        if isinstance(error, PermissionError):
            fix = "ask as the service's user, or as root"
            raise NotAllowedError(f"{address.path} is not for this user", fix=fix) from error
        if isinstance(error, OSError):
            raise IpcError(
                f"nobody answers at {address.path}: {error}", fix="start the service"
            ) from error
        raise
    set_patience(stream, timeout)
    return stream


def _trust(stream: socket.socket, owner: int) -> None:
    """Look, as a client, whether `owner` is at the other end."""
    found = peer_uid(stream)
    if found != owner:
        text = f"user {found} listens there, not user {owner}"
        raise NotAllowedError(text, fix="see what runs there; trust nothing it says")


def _admit(stream: socket.socket) -> None:
    """Look, as a daemon, whether this user or root is at the other end."""
    found = peer_uid(stream)
    if found not in {0, os.geteuid()}:
        text = f"user {found} is not the user of this service"
        raise NotAllowedError(text, fix="ask as that user, or as root")


def _expected_owner(address: Address) -> int:
    if address.system:
        return system_owner(address.folder)
    check_private(address.folder, os.geteuid())
    return os.geteuid()


def peer_uid(stream: socket.socket) -> int:
    """Return the user at the other end of a connection, as the kernel knows it.

    Raises:
        OSError: The kernel does not know.
    """
    if sys.platform == "linux":
        found = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        _, uid, _ = struct.unpack("=iII", found)
        return int(uid)
    found = stream.getsockopt(0, 1, _XUCRED.size)  # SOL_LOCAL, LOCAL_PEERCRED: xnu's sys/un.h
    if len(found) != _XUCRED.size:
        raise OSError(errno.EPROTO, "the kernel does not say who the other side is")
    version, uid, *_ = _XUCRED.unpack(found)
    if version != 0:
        raise OSError(errno.EPROTO, f"the kernel answers in version {version} of xucred")
    return int(uid)


def set_patience(stream: socket.socket, seconds: float) -> None:
    """Let a read or write that takes longer fail with BlockingIOError.

    The kernel keeps the time: `settimeout` would ask it twice for every read and write.
    """
    stream.settimeout(None)
    whole = int(seconds)
    value = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


def _clear_the_way(path: str) -> None:
    """Remove a socket that a dead daemon left; the lock is held, so none of ours is alive.

    Raises:
        NotAllowedError: What is there is not such a socket.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    fix = "it is not this service's; move it away yourself"
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise NotAllowedError(f"{path} is there and is no socket of this user", fix=fix)
    try:
        _knock(path)
    except ConnectionRefusedError:
        os.unlink(path)
        return
    raise NotAllowedError(f"somebody answers at {path} who does not hold its lock", fix=fix)


def _knock(path: str) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(1.0)
        stream.connect(path)


def _mark_of(path: str) -> tuple[int, int] | None:
    """Return what tells a file from another that takes its place."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
