"""Which session a process is in: session 0 belongs to services, and has no desktop."""

from __future__ import annotations

import ctypes
import os
from ctypes import wintypes

from bgsvc._model.platform_reports import SetupIssue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SERVICES = 0
NOTIFIER = "desktop_notifier"
"""What the extra `notify` installs."""


def session_of(process: int) -> int | None:
    """Return the session of a process; None if Windows does not tell."""
    load: Any = vars(ctypes)["WinDLL"]
    kernel = load("kernel32")
    kernel.ProcessIdToSessionId.argtypes = (wintypes.DWORD, wintypes.LPVOID)
    found = wintypes.DWORD()
    told = kernel.ProcessIdToSessionId(process, ctypes.byref(found))
    return found.value if told else None


def session_findings(label: str, process: int | None) -> Iterator[SetupIssue]:
    """Say what of a service needs a desktop and will find none.

    Args:
        label: The service.
        process: Its process; None for one that does not run yet, and will be in session 0.
    """
    session = SERVICES if process is None else session_of(process)
    if session == SERVICES and has_notifier():
        text = f"{label} runs in session 0, which has no desktop: nobody sees its notifications"
        fix = 'scope = "user" makes it a task in the session of its user; or let the app show them'
        yield SetupIssue("session_zero", "warning", text, fix)


def own_findings(service: str) -> Iterator[SetupIssue]:
    """Say the same of this process, whoever started it: a shell over the network is there too."""
    yield from session_findings(service, os.getpid())


def has_notifier() -> bool:
    """Return whether notifications would be sent to a desktop."""
    from importlib.util import find_spec

    return find_spec(NOTIFIER) is not None
