"""Ends a child process that a service forked and that returns from the service's hook.

The child has a copy of the run's thread and no other thread. If it went on, it would emit the
parent's events, write the parent's state and wait for threads that it does not have.
"""

from __future__ import annotations

import os
import sys
import threading

from bgsvc._ports.streams import flush_or_drop, print_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

MESSAGE_TIMEOUT_S = 1.0
"""Seconds for the message: only the parent has the thread that may hold the stream's lock."""


def leave(raised: BaseException | None) -> NoReturn:
    """End this process with the exit status of a script that ended in the same way."""
    status = 70
    try:
        status = _status(raised)
        reporter = threading.Thread(target=_report, args=(raised,), daemon=True)
        reporter.start()
        reporter.join(MESSAGE_TIMEOUT_S)
    finally:
        os._exit(status)


def _status(raised: BaseException | None) -> int:
    if raised is None:
        return 0
    if isinstance(raised, SystemExit) and (raised.code is None or isinstance(raised.code, int)):
        return (raised.code or 0) & 0xFF
    return 1


def _report(raised: BaseException | None) -> None:
    """Print why the process ends, as the interpreter would, and flush what was printed."""
    if isinstance(raised, SystemExit):
        if raised.code is not None and not isinstance(raised.code, int):
            print_line(str(raised.code))
    elif raised is not None:
        sys.excepthook(type(raised), raised, raised.__traceback__)
    flush_or_drop()
