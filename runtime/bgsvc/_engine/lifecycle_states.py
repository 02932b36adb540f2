"""The states of a service's life cycle, its events, and the state that follows from each pair.

docs/lifecycle.md shows the same table with what is emitted.
"""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.enum import StrEnum
from bgsvc._model.enums import ServiceState
from bgsvc._model.errors import AlreadyRunningError, NotRunningError, StillStoppingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._engine.run import Run
    from bgsvc._model.enums import StopReason
    from bgsvc._model.errors import BackgroundServiceError
    from bgsvc._ports.clock import Timer


class StateKind(StrEnum):
    """Where a service is in its life."""

    IDLE = "Idle"
    INITIALIZING = "Initializing"
    RUNNING = "Running"
    FINISHING = "Finishing"
    STOPPING = "Stopping"
    FINISHING_OVERDUE = "FinishingOverdue"
    STOPPING_OVERDUE = "StoppingOverdue"
    RESTART_DUE = "RestartDue"
    STOPPED = "Stopped"


class LifecycleEvent(StrEnum):
    """What changes the state."""

    START_REQUESTED = "StartRequested"
    START_ACCEPTED = "StartAccepted"
    INIT_RETURNED = "InitReturned"
    STOP_REQUESTED = "StopRequested"
    RUN_CLOSING = "RunClosing"
    STOP_OVERDUE = "StopOverdue"
    RUN_ENDED = "RunEnded"
    RUN_ENDED_RESTART = "RunEndedRestart"
    FORCED_END = "ForcedEnd"
    RESTART_TIMER_FIRED = "RestartTimerFired"
    ABANDONED = "Abandoned"


PUBLIC_STATES: Mapping[StateKind, ServiceState] = {
    StateKind.IDLE: ServiceState.IDLE,
    StateKind.INITIALIZING: ServiceState.INITIALIZING,
    StateKind.RUNNING: ServiceState.RUNNING,
    StateKind.FINISHING: ServiceState.STOPPING,
    StateKind.STOPPING: ServiceState.STOPPING,
    StateKind.FINISHING_OVERDUE: ServiceState.STOPPING,
    StateKind.STOPPING_OVERDUE: ServiceState.STOPPING,
    StateKind.RESTART_DUE: ServiceState.STOPPED,
    StateKind.STOPPED: ServiceState.STOPPED,
}
"""What `ServiceStatus.state` reports."""

_WITHOUT_RUN = frozenset({StateKind.IDLE, StateKind.RESTART_DUE, StateKind.STOPPED})
_OVERDUE = frozenset({StateKind.FINISHING_OVERDUE, StateKind.STOPPING_OVERDUE})


@dataclass(frozen=True)
class LifecycleState:
    """One state with its data. It never changes, so it may be read without a lock.

    Attributes:
        kind: Which state it is.
        run: The run under way; None in `IDLE`, `RESTART_DUE` and `STOPPED`.
        stop_reason: Why the run was asked to stop; None if nobody asked.
        restart_timer: Starts the next run; None except in `RESTART_DUE`.
    """

    kind: StateKind
    run: Run | None = None
    stop_reason: StopReason | None = None
    restart_timer: Timer | None = None

    @property
    def public(self) -> ServiceState:
        """What `ServiceStatus.state` reports."""
        return PUBLIC_STATES[self.kind]

    @property
    def is_overdue(self) -> bool:
        """Whether the run has not stopped within its time."""
        return self.kind in _OVERDUE

    def successor(
        self,
        event: LifecycleEvent,
        *,
        run: Run | None = None,
        stop_reason: StopReason | None = None,
        restart_timer: Timer | None = None,
    ) -> LifecycleState | type[BackgroundServiceError] | None:
        """Return the state after `event`, the error it is refused with, or None if ignored.

        The run and the first stop reason are kept for as long as there is a run.
        """
        kind = TRANSITIONS[self.kind].get(event)
        if kind is None or not isinstance(kind, StateKind):
            return kind
        if kind in _WITHOUT_RUN:
            timer = restart_timer if kind is StateKind.RESTART_DUE else None
            return LifecycleState(kind, restart_timer=timer)
        return LifecycleState(kind, self.run or run, self.stop_reason or stop_reason)


_RUNS_ALREADY: Mapping[LifecycleEvent, type[BackgroundServiceError]] = {
    LifecycleEvent.START_REQUESTED: AlreadyRunningError,
    LifecycleEvent.START_ACCEPTED: AlreadyRunningError,
}
_STOPS_ALREADY: Mapping[LifecycleEvent, type[BackgroundServiceError]] = {
    LifecycleEvent.START_REQUESTED: StillStoppingError,
    LifecycleEvent.START_ACCEPTED: StillStoppingError,
}
_RUN_ENDS: Mapping[LifecycleEvent, StateKind] = {
    LifecycleEvent.RUN_ENDED: StateKind.STOPPED,
    LifecycleEvent.RUN_ENDED_RESTART: StateKind.RESTART_DUE,
    LifecycleEvent.ABANDONED: StateKind.IDLE,
}
_STOPPED_RUN_ENDS: Mapping[LifecycleEvent, StateKind] = {
    LifecycleEvent.RUN_ENDED: StateKind.STOPPED,
    LifecycleEvent.RUN_ENDED_RESTART: StateKind.STOPPED,  # a stop calls the restart off
    LifecycleEvent.ABANDONED: StateKind.IDLE,
}

TRANSITIONS: Mapping[
    StateKind, Mapping[LifecycleEvent, StateKind | type[BackgroundServiceError]]
] = {
    StateKind.IDLE: {
        LifecycleEvent.START_REQUESTED: StateKind.IDLE,
        LifecycleEvent.START_ACCEPTED: StateKind.INITIALIZING,
        LifecycleEvent.STOP_REQUESTED: NotRunningError,
        LifecycleEvent.ABANDONED: StateKind.IDLE,
    },
    StateKind.INITIALIZING: {
        **_RUNS_ALREADY,
        LifecycleEvent.INIT_RETURNED: StateKind.RUNNING,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING,
        LifecycleEvent.RUN_CLOSING: StateKind.FINISHING,
        **_RUN_ENDS,
    },
    StateKind.RUNNING: {
        **_RUNS_ALREADY,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING,
        LifecycleEvent.RUN_CLOSING: StateKind.FINISHING,
        **_RUN_ENDS,
    },
    StateKind.FINISHING: {
        **_RUNS_ALREADY,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING,
        LifecycleEvent.RUN_CLOSING: StateKind.FINISHING,
        LifecycleEvent.STOP_OVERDUE: StateKind.FINISHING_OVERDUE,
        **_RUN_ENDS,
    },
    StateKind.STOPPING: {
        **_STOPS_ALREADY,
        LifecycleEvent.INIT_RETURNED: StateKind.STOPPING,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING,
        LifecycleEvent.RUN_CLOSING: StateKind.STOPPING,
        LifecycleEvent.STOP_OVERDUE: StateKind.STOPPING_OVERDUE,
        **_STOPPED_RUN_ENDS,
    },
    StateKind.FINISHING_OVERDUE: {
        **_RUNS_ALREADY,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING_OVERDUE,
        LifecycleEvent.RUN_CLOSING: StateKind.FINISHING_OVERDUE,
        LifecycleEvent.FORCED_END: StateKind.STOPPED,
        **_RUN_ENDS,
    },
    StateKind.STOPPING_OVERDUE: {
        **_STOPS_ALREADY,
        LifecycleEvent.INIT_RETURNED: StateKind.STOPPING_OVERDUE,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPING_OVERDUE,
        LifecycleEvent.RUN_CLOSING: StateKind.STOPPING_OVERDUE,
        LifecycleEvent.FORCED_END: StateKind.STOPPED,
        **_STOPPED_RUN_ENDS,
    },
    StateKind.RESTART_DUE: {
        LifecycleEvent.START_REQUESTED: StateKind.STOPPED,
        LifecycleEvent.START_ACCEPTED: StateKind.INITIALIZING,
        LifecycleEvent.STOP_REQUESTED: StateKind.STOPPED,
        LifecycleEvent.RESTART_TIMER_FIRED: StateKind.STOPPED,
        LifecycleEvent.ABANDONED: StateKind.IDLE,
    },
    StateKind.STOPPED: {
        LifecycleEvent.START_REQUESTED: StateKind.STOPPED,
        LifecycleEvent.START_ACCEPTED: StateKind.INITIALIZING,
        LifecycleEvent.STOP_REQUESTED: NotRunningError,
        LifecycleEvent.ABANDONED: StateKind.IDLE,
    },
}
"""The next state, or the error a request is refused with; an event without a cell is ignored."""
