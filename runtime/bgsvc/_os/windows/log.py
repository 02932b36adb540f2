"""Where a Windows service says what happens: a file of its own, and the system's event log."""

from __future__ import annotations

import ctypes
import os
from ctypes import wintypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ERROR, INFORMATION = 1, 4
MESSAGE = 1
"""EventCreate.exe, a part of Windows, has messages 1 to 1000 that are `%1`: our whole text."""

MESSAGE_FILE = "%SystemRoot%\\System32\\EventCreate.exe"
SOURCES = "SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application"


def log_folder(label: str) -> str:
    """Return where the log of an installed service is."""
    base = os.environ.get("PROGRAMDATA") or "C:\\ProgramData"
    return os.path.join(base, "bgsvc", label)


def log_path(label: str) -> str:
    """Return the file that a hosted service writes."""
    return os.path.join(log_folder(label), "service.log")


class EventLog:
    """The source of that name in the application log; what cannot be written is dropped."""

    def __init__(self, source: str, library: Any = None) -> None:
        self._source = source
        self._library = library

    def error(self, text: str) -> bool:
        """Write an error; False if the log did not take it."""
        return self._report(ERROR, text)

    def information(self, text: str) -> bool:
        """Write that something happened; False if the log did not take it."""
        return self._report(INFORMATION, text)

    def _report(self, kind: int, text: str) -> bool:
        api = self._library or _advapi32()
        handle = api.RegisterEventSourceW(None, self._source)
        if not handle:
            return False
        texts = (wintypes.LPCWSTR * 1)(text[:31_000])  # 31,839 characters are the most there can be
        try:
            return bool(api.ReportEventW(handle, kind, 0, MESSAGE, None, 1, 0, texts, None))
        finally:
            api.DeregisterEventSource(handle)


def _advapi32() -> Any:
    load: Any = vars(ctypes)["WinDLL"]
    api = load("advapi32")
    api.RegisterEventSourceW.restype = wintypes.HANDLE
    api.RegisterEventSourceW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR)
    api.DeregisterEventSource.argtypes = (wintypes.HANDLE,)
    api.ReportEventW.argtypes = (
        *(wintypes.HANDLE, wintypes.WORD, wintypes.WORD, wintypes.DWORD, wintypes.LPVOID),
        *(wintypes.WORD, wintypes.DWORD, ctypes.POINTER(wintypes.LPCWSTR), wintypes.LPVOID),
    )
    return api
