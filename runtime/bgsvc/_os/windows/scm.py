"""Windows' service control manager: the calls of advapi32 that we make, errors as exceptions."""

from __future__ import annotations

import ctypes
from ctypes import wintypes

from bgsvc._os.errors import (
    NeedsRootError,
    NoServiceManagerError,
    NotInstalledError,
    OsServiceError,
)
from bgsvc._os.windows import structs as winsvc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    Definition = winsvc.QueryServiceConfig

MANAGER_CONNECT, MANAGER_CREATE = 0x1, 0x2
QUERY, CHANGE, START, STOP, PAUSE_CONTINUE, DELETE = 0x5, 0x2, 0x10, 0x20, 0x40, 0x10000
"""Access rights: to ask for status and configuration, to change it, and so on."""

_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "OpenSCManagerW": (
        wintypes.HANDLE,
        (wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD),
    ),
    "OpenServiceW": (wintypes.HANDLE, (wintypes.HANDLE, wintypes.LPCWSTR, wintypes.DWORD)),
    "CloseServiceHandle": (wintypes.BOOL, (wintypes.HANDLE,)),
    "CreateServiceW": (
        wintypes.HANDLE,
        (
            *(wintypes.HANDLE, wintypes.LPCWSTR, wintypes.LPCWSTR),
            *(wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD),
            *(wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPVOID),
            *(wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPCWSTR),
        ),
    ),
    "ChangeServiceConfigW": (
        wintypes.BOOL,
        (
            *(wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD),
            *(wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPVOID),
            *(wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPCWSTR),
        ),
    ),
    "ChangeServiceConfig2W": (
        wintypes.BOOL,
        (wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID),
    ),
    "QueryServiceConfigW": (
        wintypes.BOOL,
        (wintypes.HANDLE, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID),
    ),
    "QueryServiceConfig2W": (
        wintypes.BOOL,
        (wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID),
    ),
    "QueryServiceStatusEx": (
        wintypes.BOOL,
        (wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD, wintypes.LPVOID),
    ),
    "StartServiceW": (wintypes.BOOL, (wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID)),
    "ControlService": (wintypes.BOOL, (wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID)),
    "DeleteService": (wintypes.BOOL, (wintypes.HANDLE,)),
}


def advapi32() -> Any:
    """Return the library, its functions typed; its errors are kept for `last_error`."""
    load: Any = vars(ctypes)["WinDLL"]
    library = load("advapi32", use_last_error=True)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def last_error() -> int:
    """Return Windows' code for what the last call failed with."""
    get: Callable[[], int] = vars(ctypes)["get_last_error"]
    return get()


class Refusal(Exception):  # noqa: N818 - it is caught where its code is understood
    """A call that failed.

    Attributes:
        call: The function's name.
        code: Windows' error code.
    """

    def __init__(self, call: str, code: int) -> None:
        super().__init__(f"{call}: {_said(code)}")
        self.call = call
        self.code = code


class Handle:
    """An open service, or the manager itself; closed at the end of its `with`."""

    def __init__(self, api: Any, value: int) -> None:
        self.api = api
        self.value = value

    def __enter__(self) -> Handle:  # noqa: PYI034 - `Self` is newer than our oldest Python
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.api.CloseServiceHandle(self.value)

    def call(self, name: str, *arguments: object) -> int:
        """Call the function `name` with this handle first.

        Raises:
            Refusal: If it failed.
        """
        found: int = getattr(self.api, name)(self.value, *arguments)
        if not found:
            raise Refusal(name, last_error())
        return found

    def status(self) -> winsvc.ServiceStatusProcess:
        """Return what the service does now."""
        found = winsvc.ServiceStatusProcess()
        needed = wintypes.DWORD()
        size = ctypes.sizeof(found)
        self.call("QueryServiceStatusEx", 0, ctypes.byref(found), size, ctypes.byref(needed))
        return found

    def definition(self) -> Definition:
        """Return how the service is configured; the texts live as long as the result."""
        size = 8192  # the most that the documentation says there can be
        buffer = ctypes.create_string_buffer(size)
        needed = wintypes.DWORD()
        self.call("QueryServiceConfigW", buffer, size, ctypes.byref(needed))
        found = winsvc.QueryServiceConfig.from_buffer(buffer)
        return found  # noqa: RET504 - it keeps the buffer alive

    def setting(self, level: int) -> Any:
        """Return one of the optional settings, as `set` takes it; None if it cannot be told."""
        needed = wintypes.DWORD()
        size = 8192
        buffer = ctypes.create_string_buffer(size)
        try:
            self.call("QueryServiceConfig2W", level, buffer, size, ctypes.byref(needed))
        except Refusal:
            return None
        return buffer

    def set(self, level: int, value: Any) -> bool:
        """Set one of the optional settings; False if this Windows does not know it.

        Raises:
            Refusal: For any other reason.
        """
        try:
            self.call("ChangeServiceConfig2W", level, ctypes.byref(value))
        except Refusal as error:
            if error.code in {winsvc.INVALID_LEVEL, winsvc.CALL_NOT_IMPLEMENTED}:
                return False
            raise
        return True

    def control(self, code: int) -> None:
        """Send the service a control."""
        self.call("ControlService", code, ctypes.byref(winsvc.ServiceStatus()))


def manager(api: Any, access: int = MANAGER_CONNECT) -> Handle:
    """Open the service control manager.

    Raises:
        NoServiceManagerError: If it does not answer.
        Refusal: If it is not ours to open.
    """
    value = api.OpenSCManagerW(None, None, access)
    if not value:
        code = last_error()
        if code == winsvc.ACCESS_DENIED:
            raise Refusal("OpenSCManager", code)
        text = f"the service control manager does not answer: {_said(code)}"
        raise NoServiceManagerError(text, fix="look at the system's event log")
    return Handle(api, value)


def opened(scm: Handle, label: str, access: int) -> Handle:
    """Open an installed service.

    Raises:
        Refusal: If there is none, or it is not ours to open.
    """
    return Handle(scm.api, scm.call("OpenServiceW", label, access))


def typed(error: Refusal, label: str, command: str) -> Exception:
    """Return the error a caller sees for `error`; `command` is what an administrator runs."""
    if error.code == winsvc.ACCESS_DENIED:
        fix = f"in a terminal of an administrator: {command}"
        return NeedsRootError(f"only an administrator may do this to {label}", fix=fix)
    if error.code == winsvc.SERVICE_DOES_NOT_EXIST:
        return NotInstalledError(f"{label} is not installed")
    if error.code == winsvc.MARKED_FOR_DELETE:
        fix = "close services.msc and whatever else looks at it, or restart Windows"
        return OsServiceError(f"{label} is about to be deleted", fix=fix)
    if error.code == winsvc.DUPLICATE_NAME:
        fix = "give it another label in bgsvc.toml, and generate its file again"
        return OsServiceError(f"another service is called what {label} is to be called", fix=fix)
    return OsServiceError(f"{label}: {error}")


def _said(code: int) -> str:
    describe: Callable[[int], str] | None = vars(ctypes).get("FormatError")
    text = describe(code).strip() if describe else ""
    return f"error {code}, {text}" if text else f"error {code}"
