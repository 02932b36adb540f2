"""Starting and ending an open service, and waiting until the manager says that it is so."""

from __future__ import annotations

import ctypes
import time

from bgsvc._os.errors import OsServiceError, OsServiceTimeoutError
from bgsvc._os.windows import structs as winsvc
from bgsvc._os.windows.control_link import DEMAND_WORD
from bgsvc._os.windows.processes import Watched
from bgsvc._os.windows.scm import Refusal
from bgsvc._os.windows.status import exit_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._os.windows.scm import Handle

CHECKPOINT_WAIT_S = 30.0
"""Seconds without a new checkpoint, beyond what the service asked for, until we give up."""

POLL_INTERVAL_S = 0.05
_PENDING = (winsvc.START_PENDING, winsvc.STOP_PENDING)


def begin(handle: Handle, label: str) -> None:
    """Start the service and wait until it runs; nothing if it does.

    Raises:
        OsServiceError: If it ended while it started.
        OsServiceTimeoutError: If it neither starts nor ends.
    """
    try:
        words = (ctypes.c_wchar_p * 1)(DEMAND_WORD)
        handle.call("StartServiceW", 1, words)
    except Refusal as error:
        if error.code != winsvc.SERVICE_ALREADY_RUNNING:
            raise
    now = _await(handle, label, until=lambda state: state not in _PENDING)
    if now.state == winsvc.STOPPED and now.exit_code not in {0, winsvc.NEVER_STARTED}:
        text = f"{label} ended while it started: {exit_text(now)}"
        raise OsServiceError(text, fix=f"look at what it says: python -m bgsvc logs {label}")


def end(handle: Handle, label: str) -> None:
    """Stop the service and wait until its process is gone; nothing if it does not run.

    Raises:
        OsServiceTimeoutError: If it goes on.
    """
    now = _await(handle, label, until=lambda state: state != winsvc.START_PENDING)
    process = Watched(now.process)
    try:
        handle.control(winsvc.CONTROL_STOP)
    except Refusal as error:
        if error.code not in {winsvc.SERVICE_NOT_ACTIVE, winsvc.CANNOT_ACCEPT_CONTROL}:
            raise
    _await(handle, label, until=lambda state: state == winsvc.STOPPED)
    ended = process.ended(CHECKPOINT_WAIT_S)  # it says that it has stopped, and then ends
    process.close()
    if not ended:
        raise OsServiceTimeoutError(f"{label} has stopped, but its process goes on")


def _await(handle: Handle, label: str, until: Callable[[int], bool]) -> winsvc.ServiceStatusProcess:
    """Wait for a state for as long as checkpoints come in the time that was asked for."""
    last, limit = -1, 0.0
    while True:
        now = handle.status()
        if until(now.state):
            return now
        if now.checkpoint != last:
            last, limit = (
                now.checkpoint,
                time.monotonic() + now.wait_hint / 1000 + CHECKPOINT_WAIT_S,
            )
        if time.monotonic() > limit:
            state = winsvc.STATES.get(now.state, str(now.state))
            raise OsServiceTimeoutError(f"{label} is still {state}")
        time.sleep(POLL_INTERVAL_S)
