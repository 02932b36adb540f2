"""What the outside sees of a service, and what a run sees of the outside."""

from __future__ import annotations

from bgsvc._model.errors import ConfigError, from_wire
from bgsvc._model.event import RESERVED
from bgsvc._model.status import ServiceStatus
from bgsvc._service.context import ServiceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._engine.lifecycle import Lifecycle
    from bgsvc._engine.ports import Ports
    from bgsvc._engine.recorder import RunRecorder
    from bgsvc._engine.run import Run
    from bgsvc._model.config import ServiceConfig
    from bgsvc._model.enums import NativeState, StartReason
    from bgsvc._model.snapshot import ServiceSnapshot
    from bgsvc._service.notifier import Notifier


def status_of(service: str, life: Lifecycle, native_state: NativeState | None) -> ServiceStatus:
    """Return the state of a service; the caller holds its lock."""
    state, run = life.current, life.run
    saved = life.recorder.reread()  # another process may have changed it
    elsewhere = life.state_elsewhere()
    last = saved.history[-1] if saved.history else None
    error = life.last_error
    if error is None and last is not None and last.error is not None and run is None:
        error = from_wire(last.error)
    stop_reason = state.stop_reason
    if run is None and last is not None and elsewhere is None:
        stop_reason = last.reason
    return ServiceStatus(
        service=service,
        state=elsewhere or state.public,
        run=saved.run,
        desired_running=saved.desired_running,
        native_state=native_state,
        start_reason=_start_reason(run, saved if elsewhere else None),
        stop_reason=stop_reason,
        overdue=state.is_overdue,
        restart_in=life.restart_in,
        remaining=None if run is None or run.time_limit is None else run.time_limit.remaining(),
        last_error=error or life.recorder.problem,
        history=saved.history,
    )


def _start_reason(run: Run | None, elsewhere: ServiceSnapshot | None) -> StartReason | None:
    if run is not None:
        return run.start_reason
    return elsewhere.current[1] if elsewhere is not None and elsewhere.current else None


def _is_own(event: object) -> bool:
    return isinstance(event, str) and event != "" and event not in RESERVED


def context_of(  # noqa: PLR0913, PLR0917 - what a run is given comes from this many places
    run: Run,
    config: ServiceConfig,
    ports: Ports,
    recorder: RunRecorder,
    notifier: Callable[[], Notifier],
    foreground_type: str | None,
) -> ServiceContext:
    """Return the context of `run`."""

    def emit(event: str, data: Mapping[str, object]) -> None:
        if not _is_own(event):
            raise ConfigError(f"{event!r} is not a name for an event of a service")
        recorder.emit(run, event, data)

    return ServiceContext(
        service_name=config.name,
        service_label=config.label_in(ports.language),
        run=run.number,
        start_reason=run.start_reason,
        foreground_service_type=foreground_type,
        shutdown=run.signal,
        notifier=notifier,
        clock=ports.clock,
        data_dir=ports.data_dir_of(config.name),
        mailbox=run.mailbox,
        emit=emit,
        deadline=lambda: None if run.time_limit is None else run.time_limit.deadline,
    )
