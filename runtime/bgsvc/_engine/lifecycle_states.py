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


_S, _E = StateKind, LifecycleEvent  # short, for the tables to be read as such

PUBLIC_STATES: Mapping[StateKind, ServiceState] = {
    _S.IDLE: ServiceState.IDLE,
    _S.INITIALIZING: ServiceState.INITIALIZING,
    _S.RUNNING: ServiceState.RUNNING,
    _S.FINISHING: ServiceState.STOPPING,
    _S.STOPPING: ServiceState.STOPPING,
    _S.FINISHING_OVERDUE: ServiceState.STOPPING,
    _S.STOPPING_OVERDUE: ServiceState.STOPPING,
    _S.RESTART_DUE: ServiceState.STOPPED,
    _S.STOPPED: ServiceState.STOPPED,
}
"""What `ServiceStatus.state` reports."""

_WITHOUT_RUN = frozenset({_S.IDLE, _S.RESTART_DUE, _S.STOPPED})
_OVERDUE = frozenset({_S.FINISHING_OVERDUE, _S.STOPPING_OVERDUE})


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
            timer = restart_timer if kind is _S.RESTART_DUE else None
            return LifecycleState(kind, restart_timer=timer)
        return LifecycleState(kind, self.run or run, self.stop_reason or stop_reason)


_STARTS = (_E.START_REQUESTED, _E.START_ACCEPTED)
_RUNS_ALREADY = dict.fromkeys(_STARTS, AlreadyRunningError)
_STOPS_ALREADY = dict.fromkeys(_STARTS, StillStoppingError)
_RUN_ENDS = {
    _E.RUN_ENDED: _S.STOPPED,
    _E.RUN_ENDED_RESTART: _S.RESTART_DUE,
    _E.ABANDONED: _S.IDLE,
}
_STOPPED_RUN_ENDS = {**_RUN_ENDS, _E.RUN_ENDED_RESTART: _S.STOPPED}  # a stop: no restart

TRANSITIONS: Mapping[
    StateKind, Mapping[LifecycleEvent, StateKind | type[BackgroundServiceError]]
] = {
    _S.IDLE: {
        _E.START_REQUESTED: _S.IDLE,
        _E.START_ACCEPTED: _S.INITIALIZING,
        _E.STOP_REQUESTED: NotRunningError,
        _E.ABANDONED: _S.IDLE,
    },
    _S.INITIALIZING: {
        **_RUNS_ALREADY,
        _E.INIT_RETURNED: _S.RUNNING,
        _E.STOP_REQUESTED: _S.STOPPING,
        _E.RUN_CLOSING: _S.FINISHING,
        **_RUN_ENDS,
    },
    _S.RUNNING: {
        **_RUNS_ALREADY,
        _E.STOP_REQUESTED: _S.STOPPING,
        _E.RUN_CLOSING: _S.FINISHING,
        **_RUN_ENDS,
    },
    _S.FINISHING: {
        **_RUNS_ALREADY,
        _E.STOP_REQUESTED: _S.STOPPING,
        _E.RUN_CLOSING: _S.FINISHING,
        _E.STOP_OVERDUE: _S.FINISHING_OVERDUE,
        **_RUN_ENDS,
    },
    _S.STOPPING: {
        **_STOPS_ALREADY,
        _E.INIT_RETURNED: _S.STOPPING,
        _E.STOP_REQUESTED: _S.STOPPING,
        _E.RUN_CLOSING: _S.STOPPING,
        _E.STOP_OVERDUE: _S.STOPPING_OVERDUE,
        **_STOPPED_RUN_ENDS,
    },
    _S.FINISHING_OVERDUE: {
        **_RUNS_ALREADY,
        _E.STOP_REQUESTED: _S.STOPPING_OVERDUE,
        _E.RUN_CLOSING: _S.FINISHING_OVERDUE,
        _E.FORCED_END: _S.STOPPED,
        **_RUN_ENDS,
    },
    _S.STOPPING_OVERDUE: {
        **_STOPS_ALREADY,
        _E.INIT_RETURNED: _S.STOPPING_OVERDUE,
        _E.STOP_REQUESTED: _S.STOPPING_OVERDUE,
        _E.RUN_CLOSING: _S.STOPPING_OVERDUE,
        _E.FORCED_END: _S.STOPPED,
        **_STOPPED_RUN_ENDS,
    },
    _S.RESTART_DUE: {
        _E.START_REQUESTED: _S.STOPPED,
        _E.START_ACCEPTED: _S.INITIALIZING,
        _E.STOP_REQUESTED: _S.STOPPED,
        _E.RESTART_TIMER_FIRED: _S.STOPPED,
        _E.ABANDONED: _S.IDLE,
    },
    _S.STOPPED: {
        _E.START_REQUESTED: _S.STOPPED,
        _E.START_ACCEPTED: _S.INITIALIZING,
        _E.STOP_REQUESTED: NotRunningError,
        _E.ABANDONED: _S.IDLE,
    },
}
"""The next state, or the error a request is refused with; an event without a cell is ignored."""
