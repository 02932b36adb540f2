"""What the runtime answers when asked: start results and states."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._model.enums import NativeState, ServiceState, StartReason, StopReason
    from bgsvc._model.errors import BackgroundServiceError
    from bgsvc._model.snapshot import RunRecord


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
