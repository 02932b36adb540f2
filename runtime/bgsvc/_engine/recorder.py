"""Records one service's runs where others see them: in events, the state file and the run lock."""

from __future__ import annotations

import errno
import os

from bgsvc._events.bus import EventSource
from bgsvc._model.enums import ServiceState
from bgsvc._model.errors import AlreadyRunningError, PlatformError, StateNotSavedError
from bgsvc._model.snapshot import RunRecord
from bgsvc._storage.locks import run_lock
from bgsvc._storage.state_cache import StateCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.run import Run
    from bgsvc._model.enums import StartReason, StopReason
    from bgsvc._model.errors import BackgroundServiceError
    from bgsvc._model.snapshot import ServiceSnapshot


_SHORTAGES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""Errors that keep this process from locking a file that another process can lock."""
_SHORTAGE_FIX = "close files or raise the limit (`ulimit -n`), then start the service again"


class RunRecorder:
    """Emits what happens to one service and saves it; a disk that refuses is reported too."""

    def __init__(self, service: str, ports: Ports) -> None:
        self._cache = StateCache(ports.state_file(service), self.report)
        self._service = service
        self._ports = ports
        self._source = EventSource(service, ports.bus, ports.clock)

    @property
    def desired_running(self) -> bool | None:
        """The desired state, as this process knows it; None if it was never set."""
        return self._cache.saved.desired_running

    @property
    def problem(self) -> BackgroundServiceError | None:
        """What was last wrong with the state file."""
        return self._cache.problem

    def reread(self) -> ServiceSnapshot:
        """Return what is saved; another process may have changed it."""
        return self._cache.reread()

    def emit(self, run: Run, event: str, data: Mapping[str, object]) -> None:
        """Emit an event of a run; nothing once the run has `stopped`."""
        self._source.emit(run.number, event, data)

    def emit_end(self, run: Run, data: Mapping[str, object]) -> None:
        """Emit a run's last events: `error` if it failed, then `stopped` with `data`."""
        if run.error is not None:
            self.emit(run, "error", run.error.to_wire())
        self.emit(run, "stopped", data)

    def note(self, event: str, data: Mapping[str, object]) -> None:
        """Emit an event of the service that belongs to no run."""
        self._source.note(self._cache.saved.run, event, data)

    def report(self, problem: BackgroundServiceError) -> None:
        """Log a problem with the state file and emit `state_problem`."""
        import logging

        logging.getLogger("bgsvc").error("%s: %s", self._service, problem)
        self.note("state_problem", problem.to_wire())

    def begin(
        self, reason: StartReason, config: Mapping[str, object]
    ) -> tuple[int, BackgroundServiceError | None]:
        """Save that a run begins and that it is desired; return its number and any problem.

        A host that starts a service by itself knows the desired state better than the file, so
        it is told only of starts that set the desired state.
        """
        begun = self._cache.begin(reason, self._ports.clock.now(), config)
        if reason.sets_desired_state:
            self._tell_host(None)
        return begun

    def end(
        self,
        run: Run,
        reason: StopReason,
        error: BackgroundServiceError | None,
        restart_in: float | None,
        *,
        forced: bool,
    ) -> None:
        """Save how a run ended, the desired state after it, and when the next run is due."""
        now = self._ports.clock.now()
        record = RunRecord(
            run=run.number,
            start_reason=run.start_reason,
            started=run.started_at,
            ended=now,
            reason=reason,
            error=None if error is None else error.to_wire(),
            forced=forced,
        )
        before = self.desired_running
        desired = False if restart_in is None and reason.clears_desired_state else None
        due = None if restart_in is None else now + restart_in
        self._cache.end(record, now, desired=desired, due=due)
        if desired is not None:
            self._tell_host(before or False)

    def set_desired_state(self, *, running: bool) -> None:
        """Save the desired state."""
        before = self.desired_running
        self._cache.set_desired_state(running, self._ports.clock.now())
        self._tell_host(before)

    def clear_restart_due(self) -> None:
        """Save that no run is due any more."""
        self._cache.call_off()

    def _tell_host(self, before: bool | None) -> None:  # noqa: FBT001 - a value
        """Tell the host the desired state, unless it is still as `before`."""
        desired = self.desired_running
        if desired is not None and desired is not before:
            self._ports.host.desired_state(self._service, running=desired)


class RunClaim:
    """Holds the service's run lock while a run is under way, and publishes its state in it."""

    def __init__(self, folder: str, service: str) -> None:
        self._service = service
        self._lock = run_lock(folder, service)

    def acquire(self) -> None:
        """Claim the exclusive right to run the service, until `release` or the process's end.

        A folder that cannot be used has no lock. That is reported when the state is saved.

        Raises:
            AlreadyRunningError: Another process runs the service.
            PlatformError: This process has no file or memory left for the lock.
        """
        try:
            if self._lock.acquire():
                return
        except StateNotSavedError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _SHORTAGES:
                raise PlatformError(error.message, fix=_SHORTAGE_FIX) from error
            return
        raise AlreadyRunningError(f"{self._service} is running already, in another process")

    def release(self) -> None:
        """Give the right up."""
        self._lock.release()

    def publish(self, state: ServiceState) -> None:
        """Write the state of the run where other processes read it."""
        self._lock.note(state.value)

    def state_elsewhere(self) -> ServiceState | None:
        """Return the state of a run in another process; None if there is none."""
        holder = self._lock.look()
        if holder is None or holder[0] == os.getpid():
            return None
        try:
            return ServiceState(holder[1])
        except ValueError:
            return ServiceState.INITIALIZING  # the run has not written its state yet
