"""One run of a service: its instance, its thread, its end."""

from __future__ import annotations

import os
import threading

from bgsvc._lite.guards import is_awaitable, is_generator
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import (
    BackgroundServiceError,
    InitError,
    RunError,
    ShutdownError,
    describe_error,
    from_wire,
)
from bgsvc._service.context import Mailbox
from bgsvc._service.entry import NO_YIELD
from bgsvc._service.shutdown import ShutdownSignal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Protocol

    from bgsvc._engine.event_loop import RunLoop
    from bgsvc._engine.time_limit import TimeLimit
    from bgsvc._model.enums import StartReason
    from bgsvc._ports.clock import Clock, Timer
    from bgsvc._service.context import ServiceContext
    from bgsvc._service.service import BackgroundService

    class Watcher(Protocol):
        """Gets a run's progress, in the run's own thread."""

        def run_started(self, run: Run) -> None:
            """`init` has returned and `run` is about to be called."""

        def run_closing(self, run: Run) -> StopReason:
            """`run` has ended; return the reason for `shutdown`."""
            ...

        def run_ended(self, run: Run) -> None:
            """None of the service's code runs any more."""


CANCEL_FRACTION = 0.75
"""The part of the stop timeout after which an `async` run is cancelled."""


class Run:
    """One start-to-stop of a service.

    Attributes:
        number: Counts the service's runs over the life of the installation; 0 until accepted.
        signal: Tells it to stop.
        stop_timeout: Seconds it has to stop.
        mode: The row of the capability table in force.
        error: The error it failed with; None if it did not fail.
        meter: What counts the platform's time; None where no platform sets a limit.
        ended: Set when none of its code runs any more.
    """

    def __init__(
        self,
        reason: StartReason,
        factory: Callable[[], BackgroundService],
        clock: Clock,
        stop_timeout: float,
    ) -> None:
        self.number = 0
        self._service = ""
        self.start_reason = reason
        self.signal = ShutdownSignal(clock)
        self.stop_timeout = stop_timeout
        self.mode = ""
        self.error: BackgroundServiceError | None = None
        self.started_at = clock.now()
        self.mailbox = Mailbox()
        self.time_limit: TimeLimit | None = None
        self.ended = clock.new_event()
        self._factory = factory
        self._clock = clock
        self._process = os.getpid()
        self._timers: list[Timer] = []
        self._lock = threading.Lock()
        self._loop: RunLoop | None = None
        self._cancelled = False
        self._thread: threading.Thread | None = None

    def end_reason(self, stop_reason: StopReason | None) -> StopReason:
        """Return why it ends: an error, else `stop_reason`, else that it is complete."""
        if self.error is not None:
            return StopReason.ERROR
        return stop_reason or StopReason.TASK_COMPLETED

    def arm_stop_timer(self, seconds: float, overdue: Callable[[], None]) -> None:
        """Cancel it in time, then call `overdue`, unless that is due sooner already.

        Raises:
            RuntimeError: If the system has no thread to give.
        """
        if self._timers and self._timers[-1].when <= self._clock.uptime() + seconds:
            return
        self.cancel_stop_timer()
        self._timers = [
            self._clock.call_later(seconds * CANCEL_FRACTION, self.cancel),
            self._clock.call_later(seconds, overdue),
        ]

    def cancel_stop_timer(self) -> None:
        """Limit its stop no more."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def release_time(self) -> None:
        """Cancel the stop timer and stop counting the platform's time."""
        self.cancel_stop_timer()
        if self.time_limit is not None:
            self.time_limit.end()

    def launch(self, ctx: ServiceContext, watcher: Watcher, name: str) -> None:
        """Start the run's thread, which reports to `watcher`."""
        self._service = name
        self._clock.spawn(lambda: self._execute(ctx, watcher), f"bgsvc-{name}-{self.number}")

    def is_current_thread(self) -> bool:
        """Return whether the caller is the service itself."""
        return threading.current_thread() is self._thread

    def cancel(self) -> None:
        """Cancel the `async` hook under way; a plain one cannot be cancelled."""
        with self._lock:
            self._cancelled = True
            if self._loop is not None:
                self._loop.cancel()

    def pulse(self, beat: Callable[[], object]) -> None:
        """Call `beat` from the run's event loop, if that is not blocked; at once without a loop."""
        with self._lock:
            if self._loop is None:
                beat()
            else:
                self._loop.call_soon(beat)

    def _execute(self, ctx: ServiceContext, watcher: Watcher) -> None:
        self._thread = threading.current_thread()
        try:
            self._call_hooks(ctx, watcher)
        except BaseException as error:  # noqa: BLE001 - ours, not the service's
            self._record_failure(RunError, error)
        finally:
            try:
                self._close_loop()
            finally:
                watcher.run_ended(self)

    def _call_hooks(self, ctx: ServiceContext, watcher: Watcher) -> None:
        service = self._prepare(ctx)
        if service is not None and not self.signal.is_set():

            def begin_and_run() -> object:
                watcher.run_started(self)
                return service.run(ctx)

            self._call_hook(RunError, begin_and_run)
        reason = watcher.run_closing(self)
        with self._lock:
            self._cancelled = False
        if service is not None:
            self._call_hook(ShutdownError, lambda: service.shutdown(ctx, reason))

    def _prepare(self, ctx: ServiceContext) -> BackgroundService | None:
        services: list[BackgroundService] = []

        def prepare() -> object:
            services.append(self._factory())
            return services[0].init(ctx)

        return services[0] if self._call_hook(InitError, prepare) else None

    def _call_hook(self, kind: type[BackgroundServiceError], hook: Callable[[], object]) -> bool:
        """Call one hook; what it raises becomes the run's error. Return whether it succeeded."""
        raised: BaseException | None = None
        try:
            result = hook()
            if is_awaitable(result):
                self._drive(result)
            elif is_generator(result):
                raised = kind("its body never ran, for it has a `yield`", fix=NO_YIELD)
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too
            raised = error
        if os.getpid() != self._process:
            from bgsvc._engine.forked_child import leave

            leave(raised)  # this is a child that the hook forked
        if raised is None or self._was_cancelled(raised):
            return True
        self._record_failure(kind, raised)
        return False

    def _was_cancelled(self, error: BaseException) -> bool:
        """Return whether `error` is the cancellation that `cancel` caused."""
        if not self._cancelled:
            return False
        import asyncio

        return isinstance(error, asyncio.CancelledError)

    def _record_failure(self, kind: type[BackgroundServiceError], error: BaseException) -> None:
        import logging

        logger = logging.getLogger("bgsvc")
        name, trace = self._service, (type(error), error, error.__traceback__)
        logger.error("run %d of %s failed", self.number, name, exc_info=trace)
        if self.error is None:
            if isinstance(error, BackgroundServiceError):  # its code and fix, without its frames
                self.error = from_wire(BackgroundServiceError.to_wire(error))
            else:
                self.error = kind(describe_error(error))

    def _drive(self, awaitable: Awaitable[object]) -> None:
        """Run an awaitable to its end in this run's event loop."""
        loop = self._loop
        if loop is None:
            from bgsvc._engine.event_loop import RunLoop

            loop = RunLoop(self._clock.new_event_loop())
        with self._lock:
            self._loop = loop
            loop.schedule(awaitable)
            if self._cancelled:
                loop.cancel()
        loop.drive()

    def _close_loop(self) -> None:
        loop = self._loop
        if loop is None:
            return
        try:
            loop.end_all()
        except BaseException as error:  # noqa: BLE001 - a leftover task may raise anything
            self._record_failure(RunError, error)
        finally:
            with self._lock:
                self._loop = None
            loop.close()
