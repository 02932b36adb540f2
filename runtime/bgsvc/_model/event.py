"""One event of a service, and the event names that only the runtime emits."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


RESERVED = frozenset(
    {
        "started",
        "stopped",
        "error",
        "quota_warning",
        "stop_overdue",
        "state_problem",
        "restart_failed",
        "finite_task_expired",
        "notification_undelivered",
    }
)
"""The names only the runtime gives to events."""


class Event:
    """One thing a service did.

    Attributes:
        service: The service's name; empty for what concerns the whole process.
        run: The number of the run it belongs to.
        seq: Counts this service's events in this process from 1, without gaps.
        time: Seconds since the Unix epoch.
        event: The event's name.
        data: What the event carries.
    """

    __slots__ = ("data", "event", "run", "seq", "service", "time")

    def __init__(  # noqa: PLR0913, PLR0917 - an event has six parts
        self, service: str, run: int, seq: int, time: float, event: str, data: Mapping[str, object]
    ) -> None:
        self.service = service
        self.run = run
        self.seq = seq
        self.time = time
        self.event = event
        self.data = data

    def __repr__(self) -> str:
        return f"Event({self.service}#{self.run}.{self.seq} {self.event} {dict(self.data)!r})"

    def to_wire(self) -> dict[str, object]:
        """Return the event as the bridge's `event` message carries it."""
        return {
            "service": self.service,
            "run": self.run,
            "seq": self.seq,
            "time": self.time,
            "event": self.event,
            "data": dict(self.data),
        }
