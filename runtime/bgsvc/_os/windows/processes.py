"""Another process of this machine: when it began, and that it has ended."""

from __future__ import annotations

import ctypes
from ctypes import wintypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SYNCHRONIZE, _QUERY = 0x100000, 0x1000
_EPOCH = 11_644_473_600
"""Seconds from the year 1601, when Windows begins to count, to 1970."""


class Watched:
    """A process that we hold on to, so that its number stays its own."""

    def __init__(self, process: int) -> None:
        self._kernel = _kernel()
        self._handle = self._kernel.OpenProcess(_SYNCHRONIZE | _QUERY, False, process)

    def ended(self, within: float) -> bool:
        """Wait for its end; True if it has ended, or was never ours to watch."""
        if not self._handle:
            return True
        found: int = self._kernel.WaitForSingleObject(self._handle, round(within * 1000))
        return found == 0

    def began(self) -> float | None:
        """Return when it began, in seconds since the epoch; None if that is not told."""
        times = [wintypes.FILETIME() for _ in range(4)]
        if not self._handle:
            return None
        if not self._kernel.GetProcessTimes(self._handle, *map(ctypes.byref, times)):
            return None
        ticks: int = (times[0].dwHighDateTime << 32) + times[0].dwLowDateTime
        return ticks / 1e7 - _EPOCH

    def close(self) -> None:
        """Let go of it."""
        if self._handle:
            self._kernel.CloseHandle(self._handle)
            self._handle = None


def began(process: int) -> float | None:
    """Return when `process` began, in seconds since the epoch; None if it is not told."""
    watched = Watched(process)
    try:
        return watched.began()
    finally:
        watched.close()


def _kernel() -> Any:
    load: Any = vars(ctypes)["WinDLL"]
    kernel = load("kernel32")
    kernel.OpenProcess.restype = wintypes.HANDLE
    kernel.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    kernel.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    kernel.GetProcessTimes.argtypes = (wintypes.HANDLE, *(wintypes.LPVOID,) * 4)
    kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
    return kernel
