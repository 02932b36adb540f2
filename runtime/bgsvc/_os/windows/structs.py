"""What Windows' service functions take and give: winsvc.h, by names of the documentation.

Nothing here calls Windows, so that every layout is checked on any system.
"""

from __future__ import annotations

import ctypes
from ctypes import wintypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DWORD, BOOL = ctypes.c_uint32, ctypes.c_int32
"""As Windows has them, on every system: `wintypes` makes them as long as this one's `long`."""

OWN_PROCESS = 0x10
AUTO_START, DEMAND_START, DISABLED = 2, 3, 4
ERROR_NORMAL = 1
NO_CHANGE = 0xFFFFFFFF

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
CONTINUE_PENDING, PAUSE_PENDING, PAUSED = 5, 6, 7
STATES = {
    STOPPED: "stopped",
    START_PENDING: "start pending",
    STOP_PENDING: "stop pending",
    RUNNING: "running",
    CONTINUE_PENDING: "continue pending",
    PAUSE_PENDING: "pause pending",
    PAUSED: "paused",
}

CONTROL_STOP, CONTROL_PAUSE, CONTROL_CONTINUE, CONTROL_INTERROGATE = 1, 2, 3, 4
CONTROL_SHUTDOWN, CONTROL_PRESHUTDOWN = 5, 0xF
ACCEPT_STOP, ACCEPT_PAUSE_CONTINUE, ACCEPT_SHUTDOWN, ACCEPT_PRESHUTDOWN = 1, 2, 4, 0x100

DESCRIPTION, FAILURE_ACTIONS, DELAYED_AUTO_START, FAILURE_ACTIONS_FLAG, PRESHUTDOWN = 1, 2, 3, 4, 7
"""The levels of ChangeServiceConfig2 that we set."""

ACTION_NONE, ACTION_RESTART = 0, 1

ACCESS_DENIED = 5
INVALID_LEVEL = 124
INVALID_SERVICE_CONTROL = 1052
CANNOT_ACCEPT_CONTROL = 1061
SERVICE_ALREADY_RUNNING = 1056
SERVICE_DOES_NOT_EXIST = 1060
SERVICE_NOT_ACTIVE = 1062
FAILED_CONTROLLER_CONNECT = 1063
SERVICE_SPECIFIC_ERROR = 1066
MARKED_FOR_DELETE = 1072
NEVER_STARTED = 1077
DUPLICATE_NAME = 1078
CALL_NOT_IMPLEMENTED = 120


def laid_out(*fields: tuple[str, Any]) -> Any:
    """Return a structure's fields, each with its type."""
    return fields


_STATUS = (
    ("type", DWORD),
    ("state", DWORD),
    ("accepted", DWORD),
    ("exit_code", DWORD),
    ("specific_code", DWORD),
    ("checkpoint", DWORD),
    ("wait_hint", DWORD),
)


class ServiceStatus(ctypes.Structure):
    """SERVICE_STATUS."""

    _fields_ = laid_out(*_STATUS)


class ServiceStatusProcess(ctypes.Structure):
    """SERVICE_STATUS_PROCESS."""

    _fields_ = laid_out(*_STATUS, ("process", DWORD), ("flags", DWORD))


class QueryServiceConfig(ctypes.Structure):
    """QUERY_SERVICE_CONFIGW."""

    _fields_ = laid_out(
        ("type", DWORD),
        ("start_type", DWORD),
        ("error_control", DWORD),
        ("command_line", wintypes.LPWSTR),
        ("load_order_group", wintypes.LPWSTR),
        ("tag", DWORD),
        ("dependencies", ctypes.c_void_p),
        ("account", wintypes.LPWSTR),
        ("display_name", wintypes.LPWSTR),
    )


class Description(ctypes.Structure):
    """SERVICE_DESCRIPTIONW."""

    _fields_ = laid_out(("text", wintypes.LPWSTR))


class Action(ctypes.Structure):
    """SC_ACTION; the delay in milliseconds."""

    _fields_ = laid_out(("type", ctypes.c_int), ("delay", DWORD))


class FailureActions(ctypes.Structure):
    """SERVICE_FAILURE_ACTIONSW; the reset period in seconds."""

    _fields_ = laid_out(
        ("reset_period", DWORD),
        ("reboot_message", wintypes.LPWSTR),
        ("command", wintypes.LPWSTR),
        ("count", DWORD),
        ("actions", ctypes.POINTER(Action)),
    )


class Flag(ctypes.Structure):
    """SERVICE_FAILURE_ACTIONS_FLAG and SERVICE_DELAYED_AUTO_START_INFO."""

    _fields_ = laid_out(("value", BOOL))


class Preshutdown(ctypes.Structure):
    """SERVICE_PRESHUTDOWN_INFO, in milliseconds."""

    _fields_ = laid_out(("timeout", DWORD))


class StartReason(ctypes.Structure):
    """SERVICE_START_REASON, of QueryServiceDynamicInformation."""

    _fields_ = laid_out(("reason", DWORD))


def multi_text(texts: tuple[str, ...]) -> Any:
    """Return texts as Windows takes a list of them: each with a NUL, and one more at the end."""
    return ctypes.create_unicode_buffer("".join(f"{text}\0" for text in texts))


def texts_at(address: int | None) -> tuple[str, ...]:
    """Return the texts of such a list."""
    found: list[str] = []
    while address and (text := ctypes.wstring_at(address)):
        found.append(text)
        address += (len(text) + 1) * ctypes.sizeof(ctypes.c_wchar)
    return tuple(found)


def failure_actions(delays: tuple[float, ...], window: float) -> FailureActions:
    """Return the structure that restarts a service after each of `delays`, then lets it be.

    Args:
        delays: Seconds before the first restart, the second, and so on.
        window: Seconds without a failure after which the count begins anew.
    """
    actions = [Action(ACTION_RESTART, round(delay * 1000)) for delay in delays]
    actions.append(Action(ACTION_NONE, 0))  # else the last of them goes on for ever
    array = (Action * len(actions))(*actions)
    return FailureActions(round(window), None, None, len(actions), array)
