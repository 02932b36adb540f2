"""Events as journald takes them: a message, a priority and fields to search by.

The protocol is systemd's: a datagram of `NAME=value` lines, journald.conf's "native" one; a value
that has line breaks goes with its length. `journalctl BGSVC_EVENT=error` finds what was sent.
"""

from __future__ import annotations

import os

from bgsvc._desktop.console import event_text, print_event
from bgsvc._lite.json import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._model.event import Event

SOCKET = "/run/systemd/journal/socket"
INFO, WARNING, ERROR = 6, 4, 3
"""syslog(3)'s levels."""

_PRIORITIES = {
    "error": ERROR,
    "restart_failed": ERROR,
    "stop_overdue": ERROR,
    "finite_task_expired": WARNING,
    "notification_undelivered": WARNING,
    "quota_warning": WARNING,
    "state_problem": WARNING,
}


def goes_to_journal(descriptor: int) -> bool:
    """Return whether what is written to `descriptor` ends in the journal, systemd.exec(5)."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def send_event(event: Event, place: str = SOCKET) -> None:
    """Send an event to the journal; where that cannot be, print it: then too it gets there."""
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.settimeout(0)
            channel.sendto(datagram(event), place)
    except OSError:
        print_event(event)


def datagram(event: Event) -> bytes:
    """Return an event as journald reads it."""
    fields = {
        "MESSAGE": event_text(event),
        "PRIORITY": str(_PRIORITIES.get(event.event, INFO)),
        "BGSVC_SERVICE": event.service,
        "BGSVC_RUN": str(event.run),
        "BGSVC_SEQ": str(event.seq),
        "BGSVC_EVENT": event.event,
        "BGSVC_DATA": encode(dict(event.data)),
    }
    for key, name in (("code", "BGSVC_CODE"), ("reason", "BGSVC_REASON")):
        value = event.data.get(key)
        if isinstance(value, str):
            fields[name] = value
    return b"".join(_field(name, value) for name, value in fields.items())


def _field(name: str, value: str) -> bytes:
    content = value.encode("utf-8", "replace")
    if b"\n" not in content:
        return b"%s=%s\n" % (name.encode(), content)
    return b"%s\n%s%s\n" % (name.encode(), len(content).to_bytes(8, "little"), content)
