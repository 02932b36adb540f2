"""The end of a child that a service forked and that leaves by the way of its parent.

It is a copy of the run's thread and of nothing else: to go on as the run would say and keep
what is its parent's to say and keep, and wait for threads that it does not have.
"""

from __future__ import annotations

import os
import sys

from bgsvc._terminal import flush_or_drop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def leave(raised: BaseException | None) -> NoReturn:
    """End this process with the status that a script which ended so would have."""
    status = 70
    try:
        status = _status(raised)
        flush_or_drop()
    finally:
        os._exit(status)


def _status(raised: BaseException | None) -> int:
    if raised is None:
        return 0
    if not isinstance(raised, SystemExit):
        sys.excepthook(type(raised), raised, raised.__traceback__)
        return 1
    if raised.code is None or isinstance(raised.code, int):
        return (raised.code or 0) & 0xFF
    from bgsvc._terminal import tell

    tell(str(raised.code))
    return 1
