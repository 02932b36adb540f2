"""What is known of a service across processes: desired state, run number, history."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.guards import is_array, is_number, is_object
from bgsvc._model.enums import StartReason, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
MOST = 2**53
"""No number that was written is larger; beyond it JSON's numbers are not exact."""
HISTORY = 20
"""How many runs are remembered."""


@dataclass(frozen=True)
class RunRecord:
    """One run that has ended, as the history keeps it.

    Attributes:
        run: Its number.
        start_reason: Who asked for it.
        started: When it was accepted, in seconds since the epoch.
        ended: When it ended; None if the process died under it.
        reason: Why it ended.
        error: `code`, `message` and `fix` of what it failed with, if it did.
        forced: Whether it was ended hard because it ignored its stop.
    """

    run: int
    start_reason: StartReason
    started: float
    ended: float | None
    reason: StopReason
    error: Mapping[str, str] | None = None
    forced: bool = False

    def to_wire(self) -> dict[str, object]:
        """Return the record as JSON carries it."""
        return {
            "run": self.run,
            "startReason": self.start_reason.value,
            "started": self.started,
            "ended": self.ended,
            "reason": self.reason.value,
            "error": None if self.error is None else dict(self.error),
            "forced": self.forced,
        }


@dataclass(frozen=True)
class ServiceSnapshot:
    """All that is kept of one service.

    Attributes:
        desired_running: What the user last asked for; None if nobody ever asked.
        since: When that was, in seconds since the epoch.
        run: The number of the last run.
        current: The run under way as (number, start reason, start time), if one is.
        config: The configuration of the last run, as it travels.
        stop_request: A stop that another process asked this one for.
        restart_due: When the runtime is to start it again, if it is.
        history: The last runs, oldest first.
    """

    desired_running: bool | None = None
    since: float = 0.0
    run: int = 0
    current: tuple[int, StartReason, float] | None = None
    config: Mapping[str, object] | None = None
    stop_request: StopReason | None = None
    restart_due: float | None = None
    history: tuple[RunRecord, ...] = ()

    def to_wire(self, service: str) -> dict[str, object]:
        """Return what is written to disk."""
        current = self.current
        return {
            "version": VERSION,
            "service": service,
            "desiredRunning": self.desired_running,
            "since": self.since,
            "run": self.run,
            "current": None
            if current is None
            else {"run": current[0], "startReason": current[1].value, "started": current[2]},
            "config": None if self.config is None else dict(self.config),
            "stopRequest": None if self.stop_request is None else self.stop_request.value,
            "restartDue": self.restart_due,
            "history": [entry.to_wire() for entry in self.history],
        }


def merge_snapshots(stored: ServiceSnapshot, known: ServiceSnapshot) -> ServiceSnapshot:
    """Return what a file that fell behind tells, and what this process knows beyond it.

    Of two wishes the later one holds; of a run's two ends the one that is known, for it was seen.
    """
    ended = {entry.run: entry for entry in (*stored.history, *known.history)}
    latest = known if known.run >= stored.run else stored
    desired_state = stored if stored.since > known.since else known
    current = latest.current
    return ServiceSnapshot(
        desired_running=desired_state.desired_running,
        since=desired_state.since,
        run=latest.run,
        current=None if current is not None and current[0] in ended else current,
        config=latest.config,
        stop_request=stored.stop_request,
        restart_due=latest.restart_due,
        history=tuple(ended[number] for number in sorted(ended))[-HISTORY:],
    )


def snapshot_from_wire(fields: Mapping[str, object]) -> ServiceSnapshot:
    """Read what `Saved.to_wire` wrote.

    Raises:
        ValueError: If it is not that.
    """
    desired = fields.get("desiredRunning")
    current = fields.get("current")
    config = fields.get("config")
    stop_request = fields.get("stopRequest")
    history = fields.get("history")
    if not (desired is None or isinstance(desired, bool)) or not is_array(history):
        raise ValueError("desiredRunning or history")
    return ServiceSnapshot(
        desired_running=desired,
        since=_number(fields, "since"),
        run=_run_number(fields),
        current=None if current is None else _current(_table(current)),
        config=None if config is None else _table(config),
        stop_request=None if stop_request is None else StopReason(stop_request),
        restart_due=_moment(fields, "restartDue"),
        history=tuple(_run_record(_table(entry)) for entry in history),
    )


def _current(fields: Mapping[str, object]) -> tuple[int, StartReason, float]:
    reason = StartReason(fields.get("startReason"))
    return _run_number(fields), reason, _number(fields, "started")


def _run_record(fields: Mapping[str, object]) -> RunRecord:
    error = fields.get("error")
    return RunRecord(
        run=_run_number(fields),
        start_reason=StartReason(fields.get("startReason")),
        started=_number(fields, "started"),
        ended=_moment(fields, "ended"),
        reason=StopReason(fields.get("reason")),
        error=None if error is None else {k: str(v) for k, v in _table(error).items()},
        forced=fields.get("forced") is True,
    )


def _number(fields: Mapping[str, object], key: str) -> float:
    value = fields.get(key)
    if not is_number(value) or abs(value) > MOST:
        raise ValueError(key)
    return value


def _moment(fields: Mapping[str, object], key: str) -> float | None:
    return None if fields.get(key) is None else _number(fields, key)


def _run_number(fields: Mapping[str, object]) -> int:
    number = _number(fields, "run")
    if number < 0 or number != int(number):
        raise ValueError("run")
    return int(number)


def _table(value: object) -> dict[str, object]:
    if not is_object(value):
        raise ValueError("not an object")
    return value
