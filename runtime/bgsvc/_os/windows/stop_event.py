"""Asking another process of this machine to end: what SIGTERM is elsewhere, Windows has not.

The process waits for an event with its own number in the name; whoever may open it, which is the
same user and the system, sets it. `TerminateProcess`, all that `os.kill` can do, asks nobody.
"""

from __future__ import annotations

import ctypes
import os
import threading
from ctypes import wintypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MODIFY = 0x2
_FOREVER = 0xFFFFFFFF


def listen(end: Callable[[], None]) -> bool:
    """Call `end`, in a thread of its own, once somebody asks this process to end."""
    kernel = _kernel()
    event = kernel.CreateEventW(None, True, False, _name(os.getpid()))
    if not event:
        return False

    def wait() -> None:
        if kernel.WaitForSingleObject(event, _FOREVER) == 0:
            end()

    threading.Thread(target=wait, name="bgsvc-ask", daemon=True).start()
    return True


def ask(process: int) -> bool:
    """Ask a process to end; False if it does not listen, or not to this user."""
    kernel = _kernel()
    event = kernel.OpenEventW(_MODIFY, False, _name(process))
    if not event:
        return False
    try:
        return bool(kernel.SetEvent(event))
    finally:
        kernel.CloseHandle(event)


def _name(process: int) -> str:
    return f"Global\\bgsvc-stop-{process}"


def _kernel() -> Any:
    load: Any = vars(ctypes)["WinDLL"]
    kernel = load("kernel32")
    kernel.CreateEventW.restype = kernel.OpenEventW.restype = wintypes.HANDLE
    kernel.CreateEventW.argtypes = (
        *(wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR),
    )
    kernel.OpenEventW.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.LPCWSTR)
    kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    kernel.SetEvent.argtypes = kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    return kernel
