"""Everything that can be requested of one service."""

from __future__ import annotations

from bgsvc._engine.lifecycle import Lifecycle
from bgsvc._engine.run import Run
from bgsvc._engine.views import context_of, status_of
from bgsvc._model.config import config_to_wire
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import ConfigError, PlatformError, describe_error
from bgsvc._model.status import StartResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._engine.ports import Ports
    from bgsvc._engine.time_limit import TimeLimit
    from bgsvc._model.config import ServiceConfig
    from bgsvc._model.snapshot import ServiceSnapshot
    from bgsvc._model.status import ServiceStatus
    from bgsvc._service.notifier import Notifier
    from bgsvc._service.service import BackgroundService


class Supervisor:
    """Starts, stops and watches one service; every method may be called from any thread."""

    def __init__(
        self, config: ServiceConfig, factory: Callable[[], BackgroundService], ports: Ports
    ) -> None:
        self.config = config
        self._factory = factory
        self._ports = ports
        self._life = Lifecycle(config.name, ports)
        self._own_notifier: Notifier | None = None
        self._plan_restarts()

    def start(
        self,
        reason: StartReason,
        *,
        foreground_type: str | None = None,
        granted: float | None = None,
    ) -> StartResult:
        """Accept a run and return; the run has a thread of its own.

        Raises:
            AlreadyRunningError: A run is under way, in this process or another.
            StillStoppingError: A run was asked to stop and has not ended.
            QuotaExhaustedError: The platform's time budget is used up.
            PlatformError: The system has no thread to give.
        """
        life, config = self._life, self.config
        with life.lock:
            life.request_start(is_restart=reason is StartReason.RESTART)
            run = Run(reason, self._factory, self._ports.clock, config.stop_timeout)
            run.mode = self._ports.host.mode
            try:
                run.time_limit = self._limit_time(run, foreground_type, granted)
                run.number, problem = life.recorder.begin(reason, config_to_wire(config))
            except BaseException:
                life.withdraw_start()
                raise
            life.accept_start(run)
            self._launch(run, foreground_type)
            degraded = () if problem is None else (problem,)
            return StartResult(config.name, run.number, reason, run.mode, degraded=degraded)

    def stop(self, reason: StopReason, within: float | None = None) -> None:
        """Ask the run to end and return; `within` seconds where the platform gives fewer.

        Raises:
            NotRunningError: No run is under way, due or desired.
            ConfigError: The reason is `error`, which only a run that failed ends with.
        """
        if reason is StopReason.ERROR:
            raise ConfigError("nobody stops a service with `error`", fix="give another reason")
        self._life.request_stop(reason, within)

    def expire(self, reason: StopReason, remaining: float | None) -> None:
        """Stop because the platform's time is up, in `remaining` seconds at the latest."""
        with self._life.lock:
            run = self._life.run
            if run is None:
                return
            if run.time_limit is not None and remaining is not None:
                run.time_limit.shorten(remaining)
        self.stop(reason, within=remaining)

    def refresh_time_limit(self) -> None:
        """Read the time budgets anew: the app came to the front or left it."""
        with self._life.lock:
            run = self._life.run
            if run is not None and run.time_limit is not None:
                run.time_limit.refresh()

    def wait_stopped(self, timeout: float | None = None) -> bool:
        """Wait for the run to end; False after `timeout` seconds, or if the caller is the run."""
        with self._life.lock:
            run = self._life.run
        if run is None:
            return True
        return not run.is_current_thread() and run.ended.wait(timeout)

    def set_desired_state(self, *, running: bool) -> None:
        """Change whether the service runs after the next boot, and nothing now."""
        with self._life.lock:
            self._life.recorder.set_desired_state(running=running)

    def reread(self) -> ServiceSnapshot:
        """Return what is saved of the service; another process may have changed it."""
        with self._life.lock:
            return self._life.recorder.reread()

    def report_failed_start(self, error: BaseException) -> None:
        """Emit `restart_failed`: a start that no caller waits for failed with `error`."""
        self._life.restart_failed(error)

    def act(self, key: str, action: str) -> None:
        """Pass the press of a notification's button on to the service."""
        self._get_notifier().act(key, action)

    def deliver(self, data: object) -> bool:
        """Hand a message to the run; False if no run is under way."""
        run = self._life.run
        if run is not None:
            run.mailbox.deliver(data)
        return run is not None

    def pulse(self, beat: Callable[[], object]) -> None:
        """Call `beat` if the run is not overdue and its event loop is not blocked."""
        state = self._life.current
        if state.run is None:
            beat()
        elif not state.is_overdue:
            state.run.pulse(beat)

    def reconfigure(self, config: ServiceConfig, factory: Callable[[], BackgroundService]) -> None:
        """Use a new configuration from the next run on; a run under way keeps both."""
        with self._life.lock:
            if self._life.run is None:
                changed = config.restart != self.config.restart
                self.config = config
                self._factory = factory
                if changed:
                    self._plan_restarts()

    @property
    def running(self) -> bool:
        """Whether a run is under way, one that is stopping included."""
        return self._life.run is not None

    @property
    def is_running_anywhere(self) -> bool:
        """Whether a run is under way in this process or another."""
        return self.running or self._life.state_elsewhere() is not None

    @property
    def mode(self) -> str:
        """What executes the run under way; without one, what would."""
        run = self._life.run
        return self._ports.host.mode if run is None else run.mode

    @property
    def alive(self) -> bool:
        """Whether a run is under way or a restart is due."""
        with self._life.lock:
            return self._life.run is not None or self._life.restart_in is not None

    @property
    def desired_running(self) -> bool | None:
        """The desired state, as this process knows it; None if it was never set."""
        return self._life.recorder.desired_running

    def abandon(self) -> None:
        """Forget the run and its timers as a dead process does; for tests."""
        self._life.abandon()

    def status(self) -> ServiceStatus:
        """Return the service's state."""
        with self._life.lock:
            native = self._ports.host.native_state(self.config.name)
            return status_of(self.config.name, self._life, native)

    # the lock is held in all of these

    def _plan_restarts(self) -> None:
        def restart() -> None:
            self.start(StartReason.RESTART)

        self._life.plan_restarts(self.config.restart, restart)

    def _limit_time(
        self, run: Run, foreground_type: str | None, granted: float | None
    ) -> TimeLimit | None:
        """Return the time limit of a run; None where the platform sets none."""
        if granted is None and self._ports.host.platform != "android":
            return None
        from bgsvc._engine.time_limit import TimeLimit

        life = self._life

        def emit(event: str, data: Mapping[str, object]) -> None:
            life.lock_queue.submit(lambda: life.recorder.emit(run, event, data))

        def stop(reason: StopReason, left: float) -> None:
            def stop_expired() -> None:
                if run is life.run:
                    self.stop(reason, within=left)

            life.lock_queue.submit(stop_expired)  # a timer may fire before its run is accepted

        time_limit = TimeLimit(self._ports, self.config, emit, stop)
        types = tuple(foreground_type.split("|")) if foreground_type else ()
        # A service's types limit it in the foreground, and not in a job.
        if not types and self._ports.host.mode == "androidForegroundService":
            types = self.config.foreground_service_types
        time_limit.begin(types, granted)
        return time_limit

    def _launch(self, run: Run, foreground_type: str | None) -> None:
        name, life = self.config.name, self._life
        try:
            if not self._ports.host.owns_process:
                self._ports.clock.make_ready()
            ctx = context_of(
                run, self.config, self._ports, life.recorder, self._get_notifier, foreground_type
            )
            run.launch(ctx, life, name)
        except BaseException as error:
            life.fail_start(run, PlatformError(f"{name} cannot begin: {describe_error(error)}"))
            if not isinstance(error, RuntimeError):
                raise
            raise run.error or error from error

    def _get_notifier(self) -> Notifier:
        with self._life.lock:
            if self._own_notifier is None:
                from bgsvc._service.notifier import Notifier

                ports = self._ports
                self._own_notifier = Notifier(
                    self.config.name, ports.host, self._report_undelivered, ports.bus
                )
            return self._own_notifier

    def _report_undelivered(self, data: Mapping[str, object]) -> None:
        self._life.recorder.note("notification_undelivered", data)
