"""Builds the context of one run."""

from __future__ import annotations

from bgsvc._model.errors import ConfigError
from bgsvc._model.event import RESERVED
from bgsvc._service.context import ServiceContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.recorder import RunRecorder
    from bgsvc._engine.run import Run
    from bgsvc._model.config import ServiceConfig
    from bgsvc._service.notifier import Notifier


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
    """Return what `run` sees of the world."""

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
        deadline=lambda: None if run.time_limit is None else run.time_limit.deadline_timer.deadline,
    )
