"""Reads the status of a service from its life cycle and its state file."""

from __future__ import annotations

from bgsvc._model.errors import from_wire
from bgsvc._model.status import ServiceStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._engine.lifecycle import Lifecycle
    from bgsvc._engine.run import Run
    from bgsvc._model.enums import NativeState, StartReason, StopReason
    from bgsvc._model.snapshot import RunRecord, ServiceSnapshot


def status_of(service: str, life: Lifecycle, native_state: NativeState | None) -> ServiceStatus:
    """Return where a service is in its life; its lock is held."""
    state_cache, run = life.recorder.state_cache, life.run
    saved = state_cache.reread()  # another process may have changed it
    elsewhere = life.elsewhere()
    last = saved.history[-1] if saved.history else None
    error = life.last_error
    if error is None and last is not None and last.error is not None and run is None:
        error = from_wire(last.error)
    error = error or state_cache.problem
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


def _start_reason(run: Run | None, elsewhere: ServiceSnapshot | None) -> StartReason | None:
    if run is not None:
        return run.start_reason
    return elsewhere.current[1] if elsewhere is not None and elsewhere.current else None


def _remaining(run: Run | None) -> float | None:
    if run is None or run.time_limit is None or run.time_limit.deadline_timer.deadline is None:
        return None
    return run.time_limit.deadline_timer.remaining()
