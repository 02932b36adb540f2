"""Where one service is in its life: the only place where that changes.

Supervisors ask for what is to happen; a run, from its own thread, reports what did.
"""

from __future__ import annotations

import errno
import os
import threading

from bgsvc._engine.lock_queue import LockQueue
from bgsvc._engine.recorder import RunRecorder
from bgsvc._model.enums import ServiceState, StopReason
from bgsvc._model.errors import (
    AlreadyRunningError,
    BackgroundServiceError,
    PlatformError,
    StateNotSavedError,
    StillStoppingError,
    StopTimeoutError,
    describe_error,
)
from bgsvc._storage.locks import run_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._engine.ports import Ports
    from bgsvc._engine.restarts import Restarts
    from bgsvc._engine.run import Run

HARD_END_STATUS = 70
"""The exit status of a process that was ended because a run would not stop."""
_OURS_ALONE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What keeps this process from locking a file that another can lock."""
_SHORT = "close files or raise the limit (`ulimit -n`), then start the service again"
DRAIN = 1.0
"""Seconds listeners have for the last events of a process that is ended so."""


class Lifecycle:
    """One service's state, run and restarts; `lock` is held around all that is not a report.

    Attributes:
        turns: What the clock's thread does with the lock; it waits for no service.
        state: The state that is told to whoever asks.
        run: The run under way, one that is stopping included.
        restarts: What sees to the next run; None where there never is one.
        last_error: What the last failed run failed with.
        chronicle: What is told and kept.
    """

    def __init__(self, service: str, ports: Ports) -> None:
        self.lock = threading.RLock()
        late = f"bgsvc-{service}-late"
        self.lock_queue = LockQueue(self.lock, lambda wait: ports.clock.spawn(wait, late))
        self.state = ServiceState.IDLE
        self.run: Run | None = None
        self.restarts: Restarts | None = None
        self.last_error: BackgroundServiceError | None = None
        self.recorder = RunRecorder(service, ports)
        self._service = service
        self._ports = ports
        self._only = run_lock(ports.state_dir, service)

    @property
    def restart_in(self) -> float | None:
        """Seconds to the next run; None if none is due."""
        return None if self.restarts is None else self.restarts.due_in

    def claim(self) -> None:
        """See that nobody runs the service, and that nobody else will until `give_up` or the end.

        Raises:
            AlreadyRunningError: There is a run, in this process or another.
            StillStoppingError: There is a run that was told to stop.
            PlatformError: This process is short of something that another may have.
        """
        name = self._service
        if self.run is not None:
            if self.run.stop_reason is not None:
                raise StillStoppingError(f"run {self.run.number} of {name} is still stopping")
            raise AlreadyRunningError(f"{name} is running already, as run {self.run.number}")
        if self.restarts is not None:
            self.restarts.call_off()
        try:
            if self._only.acquire():
                return
        except StateNotSavedError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in _OURS_ALONE:
                raise PlatformError(error.message, fix=_SHORT) from error
            return  # the chronicle says so, and nobody else can use the folder either
        raise AlreadyRunningError(f"{name} is running already, in another process")

    def elsewhere(self) -> ServiceState | None:
        """Return where the service's run in another process is; None if there is none."""
        holder = self._only.look() if self.run is None else None
        if holder is None or holder[0] == os.getpid():
            return None
        try:
            return ServiceState(holder[1])
        except ValueError:
            return ServiceState.INITIALIZING  # it has not yet said anything

    def give_up(self) -> None:
        """Take a claim back."""
        self._only.release()

    def begin(self, run: Run) -> None:
        """Take in a run that was accepted."""
        self.run = run
        self._enter(ServiceState.INITIALIZING)

    def mark_stopping(self, run: Run, reason: StopReason) -> None:
        """Set a run's token and note why, unless that was done; never fails, never blocks."""
        if run.stop_reason is None:
            run.stop_reason = reason
            run.signal.set()
            self._enter(ServiceState.STOPPING)

    def arm_stop_timer(self, run: Run, seconds: float) -> None:
        """Cancel and then end a run in time, unless that is due sooner already."""
        try:
            run.end_within(seconds, lambda: self._overdue(run, seconds))
        except RuntimeError as error:
            text = f"nothing bounds the stop of {self._service}: {describe_error(error)}"
            self.recorder.report(PlatformError(text))

    def fail(self, run: Run, error: BackgroundServiceError) -> None:
        """End a run that could not begin."""
        run.error = error
        self._finish(run)

    def abandon(self) -> None:
        """Forget the run and its timers as a dead process does; for tests."""
        with self.lock:
            if self.restarts is not None:
                self.restarts.call_off()
            run, self.run = self.run, None
            if run is None:
                return
            self._only.release()
            run.cancel_stop_timer()
            if run.time_limit is not None:
                run.time_limit.detach()
        run.signal.request()
        run.cancel()

    def _enter(self, state: ServiceState) -> None:
        self.state = state
        self._only.note(state.value)  # for other processes

    # what a run reports, from its own thread

    def run_started(self, run: Run) -> None:
        """Say `started`: the run's `init` has returned."""
        with self.lock:
            if run is not self.run:
                return
            self.last_error = None
            if run.stop_reason is None:
                self._enter(ServiceState.RUNNING)
            self.recorder.emit(run, "started", {"reason": run.start_reason.value})

    def run_closing(self, run: Run) -> StopReason:
        """Bound the `shutdown` of a run that ended by itself, and return why it ended."""
        with self.lock:
            if run is self.run:
                self._enter(ServiceState.STOPPING)
                if run.stop_reason is None:
                    self.arm_stop_timer(run, run.stop_timeout)
            return run.reason

    def run_ended(self, run: Run) -> None:
        """Say `stopped`, exactly once, and see what follows."""
        with self.lock:
            if run is self.run:
                self._finish(run)

    def not_restarted(self, error: BaseException) -> None:
        """Say that the start that was due could not begin."""
        trouble = error
        if not isinstance(trouble, BackgroundServiceError):
            trouble = PlatformError(f"no start of {self._service}: {describe_error(error)}")
        with self.lock:
            self.last_error = trouble
            self.recorder.note("restart_failed", trouble.to_wire())

    # how a run ends

    def _overdue(self, run: Run, seconds: float) -> None:
        if self._ports.host.owns_process:
            self._end_process(run, seconds)
        else:
            self.lock_queue.submit(lambda: self._late(run, seconds))

    def _late(self, run: Run, seconds: float) -> bool:
        """Say that a run did not stop in time; False if it did, or that was said."""
        if run is not self.run or run.overdue:
            return False
        run.overdue = True
        run.forced = self._ports.host.owns_process
        run.signal.set()
        self._say_overdue(run, seconds)
        run.signal.request()
        return True

    def _end_process(self, run: Run, seconds: float) -> None:
        """End the process of a run that did not stop in time, whatever else there waits."""
        locked = self.lock.acquire(timeout=DRAIN)
        try:
            if locked and self._late(run, seconds):
                self._finish(run)
        finally:
            if locked:
                self.lock.release()
            if run.forced or not locked:  # who has the lock waits for a disk that does not answer
                self._ports.bus.drain(DRAIN)
                self._ports.host.end_process(HARD_END_STATUS)

    def _say_overdue(self, run: Run, seconds: float) -> None:
        text = f"run {run.number} of {self._service} did not stop within {seconds:g} s"
        self.last_error = StopTimeoutError(text)
        data = {"reason": run.reason.value, "seconds": seconds, **self.last_error.to_wire()}
        self.recorder.emit(run, "stop_overdue", data)

    def _finish(self, run: Run) -> None:
        data: dict[str, object] = {}
        try:
            data = self._keep_end(run)
        except BaseException as error:  # whatever fails there, the run is over
            import logging

            logging.getLogger("bgsvc").exception("the end of a run was not kept")
            run.error = run.error or PlatformError(f"not kept: {describe_error(error)}")
            data = {"reason": StopReason.ERROR.value}
        finally:  # and nobody is to wait for it
            self.run = None
            self._only.release()
            self.state = ServiceState.STOPPED
            try:
                self._say_end(run, data)
            finally:
                run.ended.set()

    def _keep_end(self, run: Run) -> dict[str, object]:
        """Keep how a run ended and see to the next; return what `stopped` is to carry."""
        run.cancel_stop_timer()
        if run.time_limit is not None:
            run.time_limit.end()
        reason = run.reason
        data: dict[str, object] = {"reason": reason.value}
        if run.stop_reason is not None and run.stop_reason is not reason:
            data["requested"] = run.stop_reason.value
        if run.forced:
            data["forced"] = True
        delay = None
        if run.stop_reason is None and self.restarts is not None:
            delay = self.restarts.decide(reason, data)
        error = run.error or (self.last_error if run.forced else None)
        self.recorder.end(run, reason, error, delay)
        if (
            delay is not None
            and not run.forced
            and self.restarts is not None
            and self.restarts.schedule(delay)
        ):
            data["restartIn"] = delay
        return data

    def _say_end(self, run: Run, data: dict[str, object]) -> None:
        if run.error is not None:
            self.last_error = run.error
            self.recorder.emit(run, "error", run.error.to_wire())
        self.recorder.emit(run, "stopped", data)
