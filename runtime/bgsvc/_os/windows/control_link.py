"""A service process as Windows' service control manager sees it: asked by controls, telling states.

The manager wants to hear of every step within the time it was told, and takes a process that is
gone without a word for a crash. Its calls come in a thread of their own; the service's main
thread stays ours, for it is there that Python delivers signals.
"""

from __future__ import annotations

import ctypes
import threading
from ctypes import wintypes

from bgsvc._model.errors import PlatformError
from bgsvc._os.windows import structs as winsvc
from bgsvc._os.windows.scm import last_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

START_HINT = 30.0
"""Seconds that the manager is asked for at a time while the service initialises."""

DEMAND_WORD = "--demand"
"""What our own `start` hands to the service: Windows before 8 does not tell why one starts."""

_REASON_AUTO = 0x2 | 0x10  # automatic, delayed automatic
_STOPS = (winsvc.CONTROL_STOP, winsvc.CONTROL_SHUTDOWN, winsvc.CONTROL_PRESHUTDOWN)
_ACCEPTED = winsvc.ACCEPT_STOP | winsvc.ACCEPT_SHUTDOWN | winsvc.ACCEPT_PRESHUTDOWN


class NotAServiceError(PlatformError):
    """Windows started this process, but not as a service."""

    default_code = "notAService"
    default_fix = "start it with `sc start`, or leave out --windows-service"


class ControlLink:
    """The line to the service control manager, from its first call to STOPPED.

    Args:
        on_stop: Called for each control that asks the service to end; in the manager's thread.
        library: advapi32, or what stands for it.
    """

    def __init__(self, on_stop: Callable[[], None], library: Any = None) -> None:
        self._api = library or _dispatching()
        self._on_stop = on_stop
        self._lock = threading.Lock()
        self._status = winsvc.ServiceStatus(type=winsvc.OWN_PROCESS, state=winsvc.START_PENDING)
        self._handle = 0
        self._begun = threading.Event()
        self._over = threading.Event()
        self._failure = 0
        self.label = ""
        self.arguments: tuple[str, ...] = ()
        self._handler = _callback(_HANDLER, self._control)
        self._main = _callback(_MAIN, self._serve)
        self._thread = threading.Thread(target=self._dispatch, name="bgsvc-control", daemon=True)

    def open(self) -> None:
        """Report to the manager; it hears START_PENDING at once.

        Raises:
            NotAServiceError: If it did not start this process.
        """
        self._thread.start()
        self._begun.wait()
        if self._failure:
            if self._failure == winsvc.FAILED_CONTROLLER_CONNECT:
                raise NotAServiceError("the service control manager did not start this process")
            raise NotAServiceError(f"the service control manager refused: error {self._failure}")

    def started_by_boot(self) -> bool:
        """Return whether the system started the service by itself, and no person did."""
        query = getattr(self._api, "QueryServiceDynamicInformation", None)
        if query is not None:
            found = ctypes.POINTER(winsvc.StartReason)()
            if query(self._handle, 1, ctypes.byref(found)):
                return bool(found.contents.reason & _REASON_AUTO)
        return DEMAND_WORD not in self.arguments

    def starting(self) -> None:
        """Say that the start goes on, and takes its time."""
        self._tell(winsvc.START_PENDING, hint=START_HINT)

    def running(self) -> None:
        """Say that the service is ready."""
        self._tell(winsvc.RUNNING, accepted=_ACCEPTED)

    def stopping(self, within: float) -> None:
        """Say that the service is about to end; `within` seconds are asked for."""
        self._tell(winsvc.STOP_PENDING, hint=within)

    def stopped(self, status: int) -> None:
        """Say that the service has ended, and return when the manager has let go.

        A status other than zero is a failure: with the flag for failures that are no crashes,
        which the installation sets, Windows restarts the service.
        """
        with self._lock:
            self._status.exit_code = winsvc.SERVICE_SPECIFIC_ERROR if status else 0
            self._status.specific_code = status
        self._tell(winsvc.STOPPED)
        self._over.set()
        self._thread.join(5.0)

    def _dispatch(self) -> None:
        table = (_TableEntry * 2)(_TableEntry("", self._main), _TableEntry(None, _MAIN()))
        if not self._api.StartServiceCtrlDispatcherW(table):
            self._failure = last_error() or -1
        self._begun.set()

    def _serve(self, count: int, words: Any) -> None:
        """Be the service's main function, for as long as the service lives."""
        given = tuple(words[index] for index in range(count))
        self.label, self.arguments = given[0] if given else "", given[1:]
        self._handle = self._api.RegisterServiceCtrlHandlerExW(self.label, self._handler, None)
        if not self._handle:
            self._failure = last_error() or -1
            self._begun.set()
            return
        self.starting()
        self._begun.set()
        self._over.wait()

    def _control(self, control: int, kind: int, data: object, context: object) -> int:
        del kind, data, context
        if control in _STOPS:
            self._on_stop()
        elif control == winsvc.CONTROL_INTERROGATE:
            self._tell_again()
        else:
            return winsvc.CALL_NOT_IMPLEMENTED
        return 0

    def _tell(self, state: int, *, accepted: int = 0, hint: float = 0.0) -> None:
        with self._lock:
            before = self._status
            ends = (winsvc.STOP_PENDING, winsvc.STOPPED)
            if before.state in ends and state not in ends[ends.index(before.state) :]:
                return  # the end has begun: nothing becomes ready or starts any more
            pending = hint > 0
            same = before.state == state
            before.checkpoint = (before.checkpoint + 1 if same else 1) if pending else 0
            before.state, before.accepted = state, accepted
            before.wait_hint = round(hint * 1000)
            self._api.SetServiceStatus(self._handle, ctypes.byref(before))

    def _tell_again(self) -> None:
        with self._lock:
            self._api.SetServiceStatus(self._handle, ctypes.byref(self._status))


def _convention() -> Any:
    """Return how Windows calls back; elsewhere the same layouts are tested without calls."""
    return vars(ctypes).get("WINFUNCTYPE", ctypes.CFUNCTYPE)


_MAIN = _convention()(None, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR))
_HANDLER = _convention()(
    wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p
)


class _TableEntry(ctypes.Structure):
    """SERVICE_TABLE_ENTRYW."""

    _fields_ = winsvc.laid_out(("name", wintypes.LPWSTR), ("main", _MAIN))


def _callback(kind: Any, function: Callable[..., object]) -> Any:
    """Return `function` for Windows to call; it lives as long as what keeps it."""
    return kind(function)


def _dispatching() -> Any:
    load: Any = vars(ctypes)["WinDLL"]
    library = load("advapi32", use_last_error=True)
    signatures: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "StartServiceCtrlDispatcherW": (wintypes.BOOL, (ctypes.POINTER(_TableEntry),)),
        "RegisterServiceCtrlHandlerExW": (
            wintypes.HANDLE,
            (wintypes.LPCWSTR, _HANDLER, wintypes.LPVOID),
        ),
        "SetServiceStatus": (wintypes.BOOL, (wintypes.HANDLE, wintypes.LPVOID)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    if hasattr(library, "QueryServiceDynamicInformation"):
        function = library.QueryServiceDynamicInformation
        function.restype = wintypes.BOOL
        function.argtypes = (wintypes.HANDLE, wintypes.DWORD, wintypes.LPVOID)
    return library
