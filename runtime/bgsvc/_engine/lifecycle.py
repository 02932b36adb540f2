"""The life cycle of one service. Only `Lifecycle` changes its state.

A supervisor requests starts and stops. A run reports its progress from its own thread.
`lifecycle_states` has the states and the table of transitions.
"""

from __future__ import annotations

import threading

from bgsvc._engine.lifecycle_states import LifecycleEvent, LifecycleState, StateKind
from bgsvc._engine.recorder import RunClaim, RunRecorder
from bgsvc._engine.timers import LockQueue, StopTimer
from bgsvc._model.enums import RestartOn, StopReason
from bgsvc._model.errors import (
    BackgroundServiceError,
    PlatformError,
    StillStoppingError,
    StopTimeoutError,
    describe_error,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.restarts import Restarts
    from bgsvc._engine.run import Run
    from bgsvc._model.config import RestartPolicy
    from bgsvc._model.enums import ServiceState
    from bgsvc._ports.clock import Timer


class Lifecycle:
    """One service's state.

    Attributes:
        lock: Guards every change of the state; methods take it, except where they say otherwise.
        lock_queue: Does what the clock's thread needs `lock` for; that thread never waits for it.
        recorder: Emits the service's events and writes its state file.
        last_error: What the last failed run, overdue stop or restart failed with.
    """

    def __init__(self, service: str, ports: Ports) -> None:
        self.lock = threading.RLock()
        thread_name = f"bgsvc-{service}-late"
        self.lock_queue = LockQueue(self.lock, lambda wait: ports.clock.spawn(wait, thread_name))
        self.recorder = RunRecorder(service, ports)
        self.last_error: BackgroundServiceError | None = None
        self._state = LifecycleState(StateKind.IDLE)
        self._restarts: Restarts | None = None
        self._service = service
        self._ports = ports
        self._claim = RunClaim(ports.state_dir, service)
        self._stop_timer = StopTimer(ports, self)

    @property
    def current(self) -> LifecycleState:
        """The state; read without the lock it may be outdated, but is whole."""
        return self._state

    @property
    def run(self) -> Run | None:
        """The run under way, one that is stopping included."""
        return self._state.run

    @property
    def restart_in(self) -> float | None:
        """Seconds to the next run; None if none is due."""
        timer = self._state.restart_timer
        return None if timer is None else max(0.0, timer.when - self._ports.clock.uptime())

    def state_elsewhere(self) -> ServiceState | None:
        """Return the state of the service's run in another process; None if there is none."""
        return self._claim.state_elsewhere() if self.run is None else None

    def plan_restarts(self, policy: RestartPolicy, begin: Callable[[], object]) -> None:
        """Restart by `policy` from now on, through `begin`; what is due already stays due."""
        if self._restarts is not None:
            self._restarts.follow(policy)
        elif policy.on is not RestartOn.NEVER:
            from bgsvc._engine.restarts import Restarts

            self._restarts = Restarts(policy, self._ports, begin, self)

    # what a supervisor requests

    def request_start(self, *, is_restart: bool) -> None:
        """Claim the right to run the service, until `withdraw_start` or the run's end.

        The caller holds the lock. A restart that was due is called off.

        Raises:
            AlreadyRunningError: A run is under way, in this process or another.
            StillStoppingError: A run was asked to stop and has not ended.
            PlatformError: This process has no file or memory left for the claim.
        """
        self._advance_start(LifecycleEvent.START_REQUESTED)
        self._claim.acquire()
        if self._restarts is not None and not is_restart:
            self._restarts.forget()

    def withdraw_start(self) -> None:
        """Give up the right that `request_start` claimed; the caller holds the lock."""
        self._claim.release()

    def accept_start(self, run: Run) -> None:
        """Make `run` the one under way, or raise as above; the caller holds the lock."""
        self._advance_start(LifecycleEvent.START_ACCEPTED, run)
        self._publish()

    def fail_start(self, run: Run, error: BackgroundServiceError) -> None:
        """End an accepted run whose thread could not start; the caller holds the lock."""
        run.error = error
        self._finish(run)

    def request_stop(self, reason: StopReason, within: float | None = None) -> None:
        """Ask the run to stop or call a restart off; clear the desired state if `reason` does.

        Raises:
            NotRunningError: No run is under way, due or desired.
        """
        with self.lock:
            run, is_first = self.run, self._state.stop_reason is None
            refusal = self._advance(LifecycleEvent.STOP_REQUESTED, stop_reason=reason)
            if run is not None:
                run.signal.set()  # before anything that may fail or block
                if is_first:
                    self._publish()
                seconds = run.stop_timeout if within is None else min(run.stop_timeout, within)
                self._arm_stop_timer(run, seconds)
                run.signal.request()
            is_refused = refusal is not None and not self.recorder.desired_running
            if reason.clears_desired_state:
                self.recorder.set_desired_state(running=False)
            if self._restarts is not None:
                self.recorder.clear_restart_due()
            if refusal is not None and is_refused:
                raise refusal(f"{self._service} is not running")

    def abandon(self) -> None:
        """Forget the run and its timers as a dead process does; for tests."""
        with self.lock:
            run = self.run
            self._advance(LifecycleEvent.ABANDONED)
            if run is None:
                return
            self._claim.release()
            run.cancel_stop_timer()
            if run.time_limit is not None:
                run.time_limit.detach()
        run.signal.request()
        run.cancel()

    # what a run reports, from its own thread

    def run_started(self, run: Run) -> None:
        """Emit `started`: the run's `init` has returned."""
        with self.lock:
            if not self._advance_run(run, LifecycleEvent.INIT_RETURNED):
                return
            self.last_error = None
            if self._state.stop_reason is None:
                self._publish()
            self.recorder.emit(run, "started", {"reason": run.start_reason.value})

    def run_closing(self, run: Run) -> StopReason:
        """Limit the `shutdown` of a run that ended by itself, and return why it ended."""
        with self.lock:
            if not self._advance_run(run, LifecycleEvent.RUN_CLOSING):
                return run.end_reason(None)
            self._publish()
            if self._state.stop_reason is None:
                self._arm_stop_timer(run, run.stop_timeout)
            return run.end_reason(self._state.stop_reason)

    def run_ended(self, run: Run) -> None:
        """Emit `stopped`, exactly once, and schedule the next run if there is to be one."""
        with self.lock:
            if run is self.run:
                self._finish(run)

    # what a stop timer and restarts report; the caller holds the lock

    def stop_overdue(self, run: Run, seconds: float) -> bool:
        """Emit `stop_overdue`: `run` did not stop within `seconds`; False if that is ignored."""
        if not self._advance_run(run, LifecycleEvent.STOP_OVERDUE):
            return False
        run.signal.set()
        text = f"run {run.number} of {self._service} did not stop within {seconds:g} s"
        self.last_error = StopTimeoutError(text)
        reason = run.end_reason(self._state.stop_reason).value
        data = {"reason": reason, "seconds": seconds, **self.last_error.to_wire()}
        self.recorder.emit(run, "stop_overdue", data)
        run.signal.request()
        return True

    def force_end(self, run: Run) -> None:
        """Emit `stopped` for an overdue run whose process ends with it."""
        if run is self.run and self._state.is_overdue:
            self._finish(run, forced=True)

    def restart_timer_fired(self, timer: Timer) -> bool:
        """Take the restart that `timer` was for; False if it was called off."""
        if self._state.restart_timer is not timer:
            return False
        self._advance(LifecycleEvent.RESTART_TIMER_FIRED)
        return True

    def restart_failed(self, error: BaseException) -> None:
        """Emit `restart_failed`: a start that no caller waits for failed with `error`."""
        failure = error
        if not isinstance(failure, BackgroundServiceError):
            failure = PlatformError(f"no start of {self._service}: {describe_error(error)}")
        with self.lock:
            self.last_error = failure
            self.recorder.note("restart_failed", failure.to_wire())

    # how the state changes; the lock is held in all of these

    def _advance(
        self,
        event: LifecycleEvent,
        *,
        run: Run | None = None,
        stop_reason: StopReason | None = None,
        restart_timer: Timer | None = None,
    ) -> type[BackgroundServiceError] | None:
        """Enter the state that follows `event`; return the error if it is refused."""
        before = self._state
        after = before.successor(
            event, run=run, stop_reason=stop_reason, restart_timer=restart_timer
        )
        if not isinstance(after, LifecycleState):
            return after
        self._state = after
        if before.restart_timer is not None:
            before.restart_timer.cancel()
        return None

    def _advance_start(self, event: LifecycleEvent, run: Run | None = None) -> None:
        current = self.run
        refusal = self._advance(event, run=run)
        if refusal is None or current is None:
            return
        if refusal is StillStoppingError:
            raise refusal(f"run {current.number} of {self._service} is still stopping")
        raise refusal(f"{self._service} is running already, as run {current.number}")

    def _advance_run(self, run: Run, event: LifecycleEvent) -> bool:
        """Apply an event of `run`; False if it is ignored, as any event of an earlier run is."""
        before = self._state
        if run is before.run:
            self._advance(event)
        return self._state is not before

    def _publish(self) -> None:
        self._claim.publish(self._state.public)

    def _arm_stop_timer(self, run: Run, seconds: float) -> None:
        """Cancel and then end a run in time, unless that is due sooner already."""
        try:
            self._stop_timer.arm(run, seconds)
        except RuntimeError as error:
            text = f"nothing bounds the stop of {self._service}: {describe_error(error)}"
            self.recorder.report(PlatformError(text))

    # how a run ends

    def _finish(self, run: Run, *, forced: bool = False) -> None:
        """End the run, whatever fails while its end is recorded."""
        data: dict[str, object] = {}
        timer: Timer | None = None
        try:
            run.release_time()
            data, timer = self._record_end(run, forced=forced)
        except BaseException as error:
            import logging

            logging.getLogger("bgsvc").exception("the end of a run was not kept")
            run.error = run.error or PlatformError(f"not kept: {describe_error(error)}")
            data = {"reason": StopReason.ERROR.value}
        finally:
            self._advance(_end_event(timer, forced=forced), restart_timer=timer)
            self._claim.release()
            try:
                if run.error is not None:
                    self.last_error = run.error
                self.recorder.emit_end(run, data)
            finally:
                run.ended.set()

    def _record_end(self, run: Run, *, forced: bool) -> tuple[dict[str, object], Timer | None]:
        """Write how a run ended and schedule the next; return what `stopped` is to carry."""
        stop_reason, restarts = self._state.stop_reason, self._restarts
        reason = run.end_reason(stop_reason)
        data: dict[str, object] = {"reason": reason.value}
        if stop_reason is not None and stop_reason is not reason:
            data["requested"] = stop_reason.value
        if forced:
            data["forced"] = True
        delay = None
        if stop_reason is None and restarts is not None:
            delay = restarts.decide(reason, data)
        error = run.error or (self.last_error if forced else None)
        self.recorder.end(run, reason, error, delay, forced=forced)
        timer = None
        if delay is not None and not forced and restarts is not None:
            timer = restarts.schedule(delay)
        if timer is not None:
            data["restartIn"] = delay
        return data, timer


def _end_event(timer: Timer | None, *, forced: bool) -> LifecycleEvent:
    if forced:
        return LifecycleEvent.FORCED_END
    return LifecycleEvent.RUN_ENDED if timer is None else LifecycleEvent.RUN_ENDED_RESTART
