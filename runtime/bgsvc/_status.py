"""What the runtime answers when asked: start results and states."""

from __future__ import annotations

from bgsvc._errors import from_wire
from bgsvc._record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._errors import BackgroundServiceError
    from bgsvc._host_words import NativeState
    from bgsvc._life import Life
    from bgsvc._run import Run
    from bgsvc._state import RunRecord, Saved
    from bgsvc._words import ServiceState, StartReason, StopReason


@record(frozen=True)
class StartResult:
    """What a start came to.

    Attributes:
        service: The service's name.
        run: The number of the run that was accepted.
        reason: Who asked.
        accepted_by: What will execute it: the mode in force, such as `systemdUser`.
        scheduled: Seconds until it begins. This runtime begins every run that it accepts at once,
            so it always says 0; the field is there for what accepts runs on its behalf later.
        degraded: What will not work as it should, and why; empty when all is well.
    """

    service: str
    run: int
    reason: StartReason
    accepted_by: str
    scheduled: float = 0.0
    degraded: tuple[BackgroundServiceError, ...] = ()

    def to_wire(self) -> dict[str, object]:
        """Return the result as the bridge carries it."""
        return {
            "service": self.service,
            "run": self.run,
            "reason": self.reason.value,
            "acceptedBy": self.accepted_by,
            "scheduled": self.scheduled,
            "degraded": [error.to_wire() for error in self.degraded],
        }


@record(frozen=True)
class ServiceStatus:
    """Where a service is, and how it came there.

    Attributes:
        service: Its name.
        state: Its place in the life cycle.
        run: The number of the run under way, else of the last one; 0 if it never ran.
        desired_running: What the user last asked for; None if nobody ever asked.
        native_state: What the host's side says; None if there is no such side.
        start_reason: Who asked for the run under way.
        stop_reason: Why it is stopping, or why the last run ended.
        overdue: Whether it was told to stop and did not within its timeout.
        restart_in: Seconds until the runtime starts it again; None if it will not.
        remaining: Seconds the platform still grants the run; None if it sets no limit.
        last_error: What the last failed run failed with, else what is wrong with the state file.
        history: The last runs, oldest first.
    """

    service: str
    state: ServiceState
    run: int
    desired_running: bool | None
    native_state: NativeState | None = None
    start_reason: StartReason | None = None
    stop_reason: StopReason | None = None
    overdue: bool = False
    restart_in: float | None = None
    remaining: float | None = None
    last_error: BackgroundServiceError | None = None
    history: tuple[RunRecord, ...] = ()

    def to_wire(self) -> dict[str, object]:
        """Return the state as the bridge carries it."""
        return {
            "service": self.service,
            "state": self.state.value,
            "run": self.run,
            "desiredRunning": self.desired_running,
            "nativeState": None if self.native_state is None else self.native_state.value,
            "startReason": None if self.start_reason is None else self.start_reason.value,
            "stopReason": None if self.stop_reason is None else self.stop_reason.value,
            "overdue": self.overdue,
            "restartIn": self.restart_in,
            "remaining": self.remaining,
            "lastError": None if self.last_error is None else self.last_error.to_wire(),
            "history": [entry.to_wire() for entry in self.history],
        }


@record(frozen=True)
class DesiredState:
    """What the user last asked for, as it will be replayed after a reboot.

    Attributes:
        service: The service's name.
        running: Whether it is to run; None if nobody ever asked.
        since: When that was asked, in seconds since the epoch; 0 if never.
    """

    service: str
    running: bool | None
    since: float


def status_of(service: str, life: Life, native_state: NativeState | None) -> ServiceStatus:
    """Return where a service is in its life; its lock is held."""
    journal, run = life.chronicle.journal, life.run
    saved = journal.reread()  # another process may have changed it
    elsewhere = life.elsewhere()
    last = saved.history[-1] if saved.history else None
    error = life.last_error
    if error is None and last is not None and last.error is not None and run is None:
        error = from_wire(last.error)
    error = error or journal.problem
    return ServiceStatus(
        service=service,
        state=elsewhere or life.state,
        run=saved.run,
        desired_running=saved.desired_running,
        native_state=native_state,
        start_reason=_start_reason(run, saved if elsewhere else None),
        stop_reason=_stop_reason(run, last if elsewhere is None else None),
        overdue=run is not None and run.overdue,
        restart_in=life.restart_in,
        remaining=_remaining(run),
        last_error=error,
        history=saved.history,
    )


def _stop_reason(run: Run | None, last: RunRecord | None) -> StopReason | None:
    if run is not None:
        return run.stop_reason
    return None if last is None else last.reason


def _start_reason(run: Run | None, elsewhere: Saved | None) -> StartReason | None:
    if run is not None:
        return run.start_reason
    return elsewhere.current[1] if elsewhere is not None and elsewhere.current else None


def _remaining(run: Run | None) -> float | None:
    if run is None or run.meter is None or run.meter.allowance.deadline is None:
        return None
    return run.meter.allowance.remaining()
