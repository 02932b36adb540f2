"""What a fake host records of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.guards import is_array, is_number, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Notification:
    """A notification that a service asked for.

    Attributes:
        service: The service.
        op: `show`, `update` or `cancel`.
        key: Identifies it among the service's notifications.
        title: Its first line; None on `cancel`.
        body: The text; None on `cancel`.
        actions: Its buttons, as (id, title).
        progress: How much is done, and of how much.
    """

    service: str
    op: str
    key: str
    title: str | None = None
    body: str | None = None
    actions: tuple[tuple[str, str], ...] = ()
    progress: tuple[float, float] | None = None


def read_notification(message: Mapping[str, object]) -> Notification:
    """Return the content of a `notification` message."""

    def text(key: str) -> str | None:
        value = message.get(key)
        return value if isinstance(value, str) else None

    return Notification(
        service=text("service") or "",
        op=text("op") or "",
        key=text("key") or "",
        title=text("title"),
        body=text("body"),
        actions=_read_actions(message.get("actions")),
        progress=_read_progress(message.get("progress")),
    )


def _read_actions(value: object) -> tuple[tuple[str, str], ...]:
    entries = [entry for entry in value if is_object(entry)] if is_array(value) else []
    return tuple((str(entry.get("id")), str(entry.get("title"))) for entry in entries)


def _read_progress(value: object) -> tuple[float, float] | None:
    if not is_object(value):
        return None
    done, total = value.get("done"), value.get("total")
    return (done, total) if is_number(done) and is_number(total) else None
