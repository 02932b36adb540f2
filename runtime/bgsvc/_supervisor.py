"""The life cycle of one named service: the only place where its state changes."""

from __future__ import annotations

import threading

from bgsvc._config import config_to_wire
from bgsvc._context import ServiceContext
from bgsvc._errors import (
    AlreadyRunningError,
    BackgroundServiceError,
    ConfigError,
    NotRunningError,
    PlatformError,
    StateNotSavedError,
    StillStoppingError,
    StopTimeoutError,
    described,
    from_wire,
)
from bgsvc._events import RESERVED, EventSource
from bgsvc._journal import Journal
from bgsvc._lock import InstanceLock
from bgsvc._run import Run
from bgsvc._state import RunRecord
from bgsvc._status import ServiceStatus, StartResult
from bgsvc._token import ShutdownSignal
from bgsvc._words import RestartOn, ServiceState, StartReason, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._clock import Timer
    from bgsvc._config import ServiceConfig
    from bgsvc._meter import Meter
    from bgsvc._notifier import Notifier
    from bgsvc._ports import Ports
    from bgsvc._restart import RestartPlan
    from bgsvc._service import BackgroundService

CANCEL_AT = 0.75
"""The part of the stop timeout a run has to itself before an `async` one is cancelled."""
HARD_END_STATUS = 70
"""The exit status of a process that was ended because a run would not stop."""


class Supervisor:
    """Starts, stops and watches one service; every method may be called from any thread."""

    def __init__(
        self, config: ServiceConfig, factory: Callable[[], BackgroundService], ports: Ports
    ) -> None:
        self.config = config
        self._factory = factory
        self._ports = ports
        self._lock = threading.RLock()
        self._journal = Journal(ports.keeper(config.name))
        self._only = InstanceLock(ports.state_dir, f"{config.name}~run")
        self._source = EventSource(config.name, ports.bus, ports.clock)
        self._own_notifier: Notifier | None = None
        self._plan = self._planned(config)
        self._state = ServiceState.IDLE
        self._run: Run | None = None
        self._restart: Timer | None = None
        self._last_error: BackgroundServiceError | None = None

    # what may be asked

    def start(
        self,
        reason: StartReason,
        *,
        foreground_type: str | None = None,
        granted: float | None = None,
    ) -> StartResult:
        """Accept a run and return; the run goes on in a thread of its own.

        Raises:
            AlreadyRunningError: There is a run, in this process or another.
            StillStoppingError: There is a run that was told to stop.
            QuotaExhaustedError: The platform's time budget is used up.
            PlatformError: The system has no thread to give.
        """
        with self._lock:
            self._refuse_overlap()
            self._call_off_restart()
            if reason is not StartReason.RESTART and self._plan is not None:
                self._plan.forget()
            self._report(self._journal.take_problem())
            config = config_to_wire(self.config)
            self._refuse_other_processes()
            try:
                meter = self._metered(foreground_type, granted)
            except BaseException:
                self._only.release()
                raise
            number, trouble = self._journal.begin(reason, self._ports.clock.now(), config)
            self._report(trouble)
            self._ports.host.desired_state(self.config.name, running=True)
            run = Run(number, reason, self._factory, self._new_signal(), self._ports.clock)
            run.meter = meter
            self._run = run
            self._state = ServiceState.INITIALIZING
            self._launch(run, foreground_type)
            degraded = () if trouble is None else (trouble,)
            return StartResult(
                self.config.name, number, reason, self._ports.host.mode, degraded=degraded
            )

    def stop(self, reason: StopReason, within: float | None = None) -> None:
        """Ask the run to end and return; `within` seconds where the platform gives fewer.

        Raises:
            NotRunningError: There is nothing to stop and nothing wanted.
        """
        with self._lock:
            run = self._run
            if run is not None:
                if run.stop_reason is None:
                    run.stop_reason = reason
                    self._state = ServiceState.STOPPING
                run.signal.set()  # before anything that may fail or take its time
            wanted = self._journal.saved.desired_running or self._restart is not None
            if reason.clears_desired_state:
                self._wish(running=False)
            self._call_off_restart()
            if run is None:
                if not wanted:
                    raise NotRunningError(f"{self.config.name} is not running")
                return
            timeout = self.config.stop_timeout
            self._arm(run, timeout if within is None else min(timeout, within))
        run.signal.request()

    def expire(self, reason: StopReason, remaining: float | None) -> None:
        """Stop because the platform takes its time back, in `remaining` seconds at the latest."""
        with self._lock:
            if self._run is None:
                return
            if self._run.meter is not None and remaining is not None:
                self._run.meter.allowance.shorten(remaining)
        self.stop(reason, within=remaining)

    def app_moved(self) -> None:
        """Learn that the app came to the front or left it: budgets begin anew with that."""
        with self._lock:
            if self._run is not None and self._run.meter is not None:
                self._run.meter.refresh()

    def wait_stopped(self, timeout: float | None = None) -> bool:
        """Wait for the run to end; False after `timeout` seconds, or if the caller is the run."""
        with self._lock:
            run = self._run
        if run is None:
            return True
        return not run.is_current_thread() and run.ended.wait(timeout)

    def wish(self, *, running: bool) -> None:
        """Change what is wanted after the next boot, and nothing now."""
        with self._lock:
            self._wish(running=running)

    def act(self, key: str, action: str) -> None:
        """Pass a pressed notification button on."""
        self._notifier.act(key, action)

    def deliver(self, data: object) -> bool:
        """Hand a message to the run; False if there is none."""
        run = self._run
        if run is not None:
            run.mailbox.deliver(data)
        return run is not None

    def pulse(self, beat: Callable[[], object]) -> None:
        """Call `beat` if the service is alive: not overdue, and its event loop not blocked."""
        run = self._run
        if run is None:
            beat()
        elif not run.overdue:
            run.pulse(beat)

    def reconfigure(self, config: ServiceConfig, factory: Callable[[], BackgroundService]) -> None:
        """Take a new configuration for the runs to come; one under way keeps its own."""
        with self._lock:
            if self._run is None:
                if config.restart != self.config.restart:
                    self._plan = self._planned(config)
                self.config = config
                self._factory = factory

    @property
    def running(self) -> bool:
        """Whether a run is under way, one that is stopping included."""
        return self._run is not None

    @property
    def alive(self) -> bool:
        """Whether a run is under way or a restart is due."""
        with self._lock:
            return self._run is not None or self._restart is not None

    @property
    def journal(self) -> Journal:
        """The service's memory."""
        return self._journal

    def abandon(self) -> None:
        """Forget the run and its timers as a dead process does; for tests."""
        with self._lock:
            self._call_off_restart()
            run, self._run = self._run, None
            if run is None:
                return
            self._only.release()
            self._disarm(run)
            if run.meter is not None:
                run.meter.allowance.close()
                run.meter.detach()
        run.signal.request()
        run.cancel()

    def status(self) -> ServiceStatus:
        """Return where the service is now."""
        with self._lock:
            saved, run = self._journal.saved, self._run
            last = saved.history[-1] if saved.history else None
            error = self._last_error
            if error is None and last is not None and last.error is not None and run is None:
                error = from_wire(last.error)
            ended = None if last is None else last.reason
            uptime = self._ports.clock.uptime()
            return ServiceStatus(
                service=self.config.name,
                state=self._state,
                run=saved.run,
                desired_running=saved.desired_running,
                native_state=self._ports.host.native_state(self.config.name),
                start_reason=None if run is None else run.start_reason,
                stop_reason=ended if run is None else run.stop_reason,
                overdue=run is not None and run.overdue,
                restart_in=None if self._restart is None else max(0, self._restart.when - uptime),
                remaining=_remaining(run),
                last_error=error,
                history=saved.history,
            )

    # what a run reports, from its own thread

    def run_started(self, run: Run) -> None:
        """Say `started`: the run's `init` has returned."""
        with self._lock:
            if run is not self._run:
                return
            run.started = True
            self._last_error = None
            if run.stop_reason is None:
                self._state = ServiceState.RUNNING
            self._source.emit(run.number, "started", {"reason": run.start_reason.value})

    def run_closing(self, run: Run) -> StopReason:
        """Bound the `shutdown` of a run that ended by itself, and return why it ended."""
        with self._lock:
            if run is self._run:
                self._state = ServiceState.STOPPING
                if run.stop_reason is None:
                    self._arm(run, self.config.stop_timeout)
            return self._reason_of(run)

    def run_ended(self, run: Run) -> None:
        """Say `stopped`, exactly once, and see what follows."""
        with self._lock:
            if run is self._run:
                self._finish(run)

    # how it is done; the lock is held in all of these

    def _refuse_overlap(self) -> None:
        if self._run is None:
            return
        name, number = self.config.name, self._run.number
        if self._run.stop_reason is not None:
            raise StillStoppingError(f"run {number} of {name} is still stopping")
        raise AlreadyRunningError(f"{name} is running already, as run {number}")

    def _refuse_other_processes(self) -> None:
        try:
            if self._only.acquire():
                return
        except StateNotSavedError:
            return  # the journal says so, and nobody else can use the folder either
        raise AlreadyRunningError(f"{self.config.name} is running already, in another process")

    def _new_signal(self) -> ShutdownSignal:
        return ShutdownSignal(self._ports.clock)

    def _metered(self, foreground_type: str | None, granted: float | None) -> Meter | None:
        """Return what meters the next run; None where no platform sets a limit."""
        if granted is None and self._ports.host.platform != "android":
            return None
        from bgsvc._meter import Meter

        def emit(event: str, data: Mapping[str, object]) -> None:
            run = self._run
            if run is not None and run.meter is meter:
                self._source.emit(run.number, event, data)

        def stop(reason: StopReason, left: float) -> None:
            run = self._run
            if run is not None and run.meter is meter:
                self.stop(reason, within=left)

        meter = Meter(self._ports, self.config, emit, stop)
        given = tuple(foreground_type.split("|")) if foreground_type else ()
        meter.begin(given or self.config.foreground_service_types, granted)
        return meter

    def _launch(self, run: Run, foreground_type: str | None) -> None:
        def emit(event: str, data: Mapping[str, object]) -> None:
            if not event or event in RESERVED:
                raise ConfigError(f"{event!r} is not a name for an event of a service")
            self._source.emit(run.number, event, data)

        ctx = ServiceContext(
            service_name=self.config.name,
            service_label=self.config.label_in(self._ports.language),
            run=run.number,
            start_reason=run.start_reason,
            foreground_service_type=foreground_type,
            shutdown=run.signal,
            notifier=lambda: self._notifier,
            clock=self._ports.clock,
            data_dir=self._ports.data_dir_of(self.config.name),
            mailbox=run.mailbox,
            emit=emit,
            deadline=lambda: None if run.meter is None else run.meter.allowance.deadline,
        )
        try:
            run.launch(ctx, self, self.config.name)
        except RuntimeError as error:
            run.error = PlatformError(f"no thread for {self.config.name}: {described(error)}")
            self._finish(run)
            raise run.error from error

    def _arm(self, run: Run, seconds: float) -> None:
        """Cancel and then end the run in time, unless that is due sooner already."""
        clock = self._ports.clock
        if run.timers and run.timers[-1].when <= clock.uptime() + seconds:
            return
        self._disarm(run)
        try:
            run.timers = [
                clock.call_later(seconds * CANCEL_AT, run.cancel),
                clock.call_later(seconds, lambda: self._overdue(run, seconds)),
            ]
        except RuntimeError as error:
            text = f"nothing bounds the stop of {self.config.name}: {described(error)}"
            self._report(PlatformError(text))

    def _disarm(self, run: Run) -> None:
        for timer in run.timers:
            timer.cancel()
        run.timers = []

    def _overdue(self, run: Run, seconds: float) -> None:
        host = self._ports.host
        try:
            with self._lock:
                if run is not self._run or run.overdue:
                    return
                run.overdue = True
                run.forced = host.owns_process
                run.signal.set()
                self._say_overdue(run, seconds)
                if run.forced:
                    self._finish(run)
            run.signal.request()
        finally:
            if run.forced:
                self._ports.bus.drain(1.0)
                host.end_process(HARD_END_STATUS)

    def _say_overdue(self, run: Run, seconds: float) -> None:
        text = f"run {run.number} of {self.config.name} did not stop within {seconds:g} s"
        self._last_error = StopTimeoutError(text)
        reason = self._reason_of(run).value
        data = {"reason": reason, "seconds": seconds, **self._last_error.to_wire()}
        self._source.emit(run.number, "stop_overdue", data)

    def _reason_of(self, run: Run) -> StopReason:
        if run.error is not None:
            return StopReason.ERROR
        return run.stop_reason or StopReason.TASK_COMPLETED

    def _finish(self, run: Run) -> None:
        try:
            self._conclude(run)
        finally:  # whatever fails above, the run is over and nobody waits for it
            self._run = None
            self._only.release()
            self._state = ServiceState.STOPPED
            run.ended.set()

    def _conclude(self, run: Run) -> None:
        self._disarm(run)
        if run.meter is not None:
            run.meter.end()
        reason = self._reason_of(run)
        data: dict[str, object] = {"reason": reason.value}
        if run.stop_reason is not None and run.stop_reason is not reason:
            data["requested"] = run.stop_reason.value
        if run.forced:
            data["forced"] = True
        delay = None
        if run.stop_reason is None and self._plan is not None:
            delay = self._plan.after(reason, self._ports.clock.uptime())
            data.update({"gaveUp": True} if self._plan.gave_up else {})
        self._remember(run, reason, ends=delay is None)
        if delay is not None and not run.forced and self._restart_in(delay):
            data["restartIn"] = delay
        self._run = None
        self._state = ServiceState.STOPPED
        if run.error is not None:
            self._last_error = run.error
            self._source.emit(run.number, "error", run.error.to_wire())
        self._source.emit(run.number, "stopped", data)

    def _remember(self, run: Run, reason: StopReason, *, ends: bool) -> None:
        error = run.error or (self._last_error if run.forced else None)
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
        clears = ends and reason.clears_desired_state
        if clears and self._journal.saved.desired_running:
            self._ports.host.desired_state(self.config.name, running=False)
        self._report(self._journal.end(entry, now, desired=False if clears else None))

    def _wish(self, *, running: bool) -> None:
        changed = self._journal.saved.desired_running is not running
        self._report(self._journal.wish(running, self._ports.clock.now()))
        if changed:
            self._ports.host.desired_state(self.config.name, running=running)

    def _restart_in(self, delay: float) -> bool:
        """See that the next run begins in `delay` seconds; False if nothing can see to it."""
        clock = self._ports.clock

        def again() -> None:
            with self._lock:
                if self._restart is timer:
                    self._start_again()

        def hand_over() -> None:  # a start writes to disk, and the clock's thread is everybody's
            try:
                clock.spawn(again, f"bgsvc-{self.config.name}-restart")
            except RuntimeError as error:
                self._not_restarted(error)

        try:
            timer = clock.call_later(delay, hand_over)
        except RuntimeError as error:
            self._not_restarted(error)
            return False
        self._restart = timer
        return True

    def _start_again(self) -> None:
        self._restart = None
        try:
            self.start(StartReason.RESTART)
        except Exception as error:  # noqa: BLE001 - there is nobody above to hear of it
            self._not_restarted(error)

    def _not_restarted(self, error: Exception) -> None:
        trouble = error
        if not isinstance(trouble, BackgroundServiceError):
            trouble = PlatformError(f"no restart of {self.config.name}: {described(error)}")
        with self._lock:
            self._restart = None
            self._last_error = trouble
            self._source.note(self._journal.saved.run, "restart_failed", trouble.to_wire())

    def _call_off_restart(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None

    @property
    def _notifier(self) -> Notifier:
        with self._lock:
            if self._own_notifier is None:
                from bgsvc._notifier import Notifier

                self._own_notifier = Notifier(self.config.name, self._ports.host, self._undelivered)
            return self._own_notifier

    def _planned(self, config: ServiceConfig) -> RestartPlan | None:
        """Return what plans restarts; None where there are none to plan."""
        if config.restart.on is RestartOn.NEVER:
            return None
        from bgsvc._restart import RestartPlan

        return RestartPlan(config.restart, self._ports.jitter)

    def _undelivered(self, data: Mapping[str, object]) -> None:
        self._source.note(self._journal.saved.run, "notification_undelivered", data)

    def _report(self, trouble: BackgroundServiceError | None) -> None:
        if trouble is None:
            return
        import logging

        logging.getLogger("bgsvc").error("%s: %s", self.config.name, trouble)
        self._source.note(self._journal.saved.run, "state_problem", trouble.to_wire())


def _remaining(run: Run | None) -> float | None:
    if run is None or run.meter is None or run.meter.allowance.deadline is None:
        return None
    return run.meter.allowance.remaining()
