"""What is told of one service and what is kept of it: its events, its wishes, its history."""

from __future__ import annotations

from bgsvc._events.bus import EventSource
from bgsvc._model.snapshot import RunRecord
from bgsvc._storage.state_cache import StateCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.run import Run
    from bgsvc._model.enums import StartReason, StopReason
    from bgsvc._model.errors import BackgroundServiceError


class RunRecorder:
    """Tells and keeps what happens to one service; the disk may refuse, and that is told too."""

    def __init__(self, service: str, ports: Ports) -> None:
        self.state_cache = StateCache(ports.state_file(service), self.report)
        self._service = service
        self._ports = ports
        self._source = EventSource(service, ports.bus, ports.clock)

    def emit(self, run: Run, event: str, data: Mapping[str, object]) -> bool:
        """Tell what a run does; False, and nothing told, once it has `stopped`."""
        return self._source.emit(run.number, event, data)

    def note(self, event: str, data: Mapping[str, object]) -> None:
        """Tell something of the service that no run does."""
        self._source.note(self.state_cache.saved.run, event, data)

    def report(self, trouble: BackgroundServiceError) -> None:
        """Tell of trouble with what is kept."""
        import logging

        logging.getLogger("bgsvc").error("%s: %s", self._service, trouble)
        self.note("state_problem", trouble.to_wire())

    def begin(
        self, reason: StartReason, config: Mapping[str, object]
    ) -> tuple[int, BackgroundServiceError | None]:
        """Keep that a run begins, and what is wanted; return its number and any trouble, told.

        A host that starts a service of its own accord knows better what is wanted than our file.
        """
        begun = self.state_cache.begin(reason, self._ports.clock.now(), config)
        is_desired = self.state_cache.saved.desired_running
        if is_desired is not None and reason.sets_desired_state:
            self._ports.host.desired_state(self._service, running=is_desired)
        return begun

    def end(
        self,
        run: Run,
        reason: StopReason,
        error: BackgroundServiceError | None,
        restart_in: float | None,
    ) -> None:
        """Keep how a run ended, what is wanted after it, and when the next is due."""
        now = self._ports.clock.now()
        entry = RunRecord(
            run=run.number,
            start_reason=run.start_reason,
            started=run.started_at,
            ended=now,
            reason=reason,
            error=None if error is None else error.to_wire(),
            forced=run.forced,
        )
        clears = restart_in is None and reason.clears_desired_state
        if clears and self.state_cache.saved.desired_running:
            self._ports.host.desired_state(self._service, running=False)
        due = None if restart_in is None else now + restart_in
        self.state_cache.end(entry, now, desired=False if clears else None, due=due)

    def set_desired_state(self, *, running: bool) -> None:
        """Keep what is wanted from now on."""
        changed = self.state_cache.saved.desired_running is not running
        self.state_cache.set_desired_state(running, self._ports.clock.now())
        if changed:
            self._ports.host.desired_state(self._service, running=running)
