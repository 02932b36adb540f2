"""One end of a connection over a named pipe; it behaves like a socket.

Every wait is overlapped: a synchronous pipe would let no thread write while another waits to read.
"""

from __future__ import annotations

import threading
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Operation(Protocol):
        """An overlapped read, write or wait for a client; `_winapi.Overlapped`."""

        event: int

        def cancel(self) -> None:
            """End it early."""

        def getbuffer(self) -> bytes:
            """Return what it read into."""
            ...

        def GetOverlappedResult(self, wait: bool, /) -> tuple[int, int]:  # noqa: FBT001, N802 - its name
            """Return how many bytes it moved, and a code; BrokenPipeError if the peer has gone."""
            ...


_winapi: Any = __import__("_winapi")  # what multiprocessing speaks to pipes with

BUFFER = 1 << 16
FOREVER = 0xFFFFFFFF
_SIGNALLED, _TIMED_OUT, _ABORTED = 0, 258, 995


class PipeStream:
    """Reads and writes with a bound, and ends both from any thread.

    Args:
        handle: The pipe's, opened for overlapped operations; it is this object's from here on.
        patience: Seconds a read or a write may take.
    """

    def __init__(self, handle: int, patience: float) -> None:
        self.handle = handle
        self._patience = int(patience * 1000)
        self._over = Flag()

    def recv(self, size: int, /) -> bytes:
        """Return what has come, up to `size` bytes; nothing at the end."""
        try:
            operation, _ = _winapi.ReadFile(self.handle, size, overlapped=True)
            count = finished(operation, self._over, self._patience)
        except (BrokenPipeError, ConnectionAbortedError):
            return b""
        return bytes(operation.getbuffer()[:count])

    def sendall(self, data: bytes, /) -> None:
        """Send everything."""
        rest = memoryview(data)
        while rest:
            operation, _ = _winapi.WriteFile(self.handle, rest[:BUFFER], overlapped=True)
            rest = rest[finished(operation, self._over, self._patience) :]

    def shutdown(self, how: int, /) -> None:
        """End both directions, waking whoever waits for either; what was sent still arrives."""
        del how
        self._over.set()

    def close(self) -> None:
        """Give it back; nobody may be using it."""
        handle, self.handle = self.handle, 0
        if handle:
            _winapi.CloseHandle(handle)
            self._over.close()


class Flag:
    """An event of Windows: set once, it wakes all who wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kernel = _kernel()  # `_winapi` has events from CPython 3.13 on
        self.handle: int = self._kernel.CreateEventW(None, True, False, None)  # noqa: FBT003 - BOOL
        if not self.handle:
            raise OSError("Windows has no event to give")

    def set(self) -> None:
        """Wake all who wait, now and later."""
        with self._lock:  # the number may be another thing's once it was given back
            if self.handle:
                self._kernel.SetEvent(self.handle)

    def close(self) -> None:
        """Give it back; nobody may be waiting for it."""
        with self._lock:
            handle, self.handle = self.handle, 0
        if handle:
            _winapi.CloseHandle(handle)


def finished(operation: Operation, over: Flag, patience: int) -> int:
    """Wait for an overlapped operation and return how many bytes it moved.

    Raises:
        TimeoutError: It took more than `patience` milliseconds.
        ConnectionAbortedError: `over` was set first.
        BrokenPipeError: The other side has gone.
    """
    waited = _winapi.WaitForMultipleObjects([operation.event, over.handle], False, patience)  # noqa: FBT003 - BOOL
    if waited != _SIGNALLED:
        operation.cancel()
    count, code = operation.GetOverlappedResult(True)  # noqa: FBT003 - BOOL
    if code == _ABORTED:
        if waited == _TIMED_OUT:
            raise TimeoutError("nothing came in time")
        raise ConnectionAbortedError("this end was closed")
    return count


@cache
def _kernel() -> Any:  # noqa: ANN401 - ctypes' own types are for Windows alone
    ctypes: Any = __import__("ctypes")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateEventW.restype = ctypes.c_void_p
    kernel.SetEvent.argtypes = (ctypes.c_void_p,)
    return kernel
