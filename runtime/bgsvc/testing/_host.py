"""A host that a test controls, and that records what it is asked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bgsvc._app.current import forget, use
from bgsvc._engine.runtime import Runtime
from bgsvc._events.bus import Bus
from bgsvc._model.config import ServiceConfig
from bgsvc._model.enums import AppState, NativeState, StartReason, StopReason
from bgsvc._service.entry import config_of
from bgsvc._storage.folders import state_dir_in
from bgsvc._storage.quota import QuotaTracker
from bgsvc.testing._clock import VirtualClock
from bgsvc.testing._killable_process import KillableHost, KillablePorts
from bgsvc.testing._notification import Notification, read_notification

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from bgsvc._engine.finite_tasks import FiniteTask
    from bgsvc._model.event import Event
    from bgsvc._model.status import ServiceStatus, StartResult
    from bgsvc._ports.host import NotificationReply
    from bgsvc._service.service import BackgroundService


class FakeHost(KillableHost):
    """A platform for tests, used in a `with`; the module functions of `bgsvc` act on it.

    Args:
        platform: `android`, `ios`, `linux`, `macos` or `windows`.
        mode: The row of the capability table in force.
        api_level: The Android version, for its time budgets.
        owns_process: Whether a run that will not stop is ended with the process.
        language: The user's language.
        folder: Where state is kept; by default a temporary folder.

    Attributes:
        clock: The time of everything in it.
        notifications: What was shown, updated and cancelled, in order.
        finite_tasks: The open finite tasks, id to name.
        desired: The desired state the host was told, by service.
        ended_with: The status that the process was ended with; None before.
    """

    def __init__(  # noqa: PLR0913 - all of them keywords with a default
        self,
        *,
        platform: str = "android",
        mode: str = "androidForegroundService",
        api_level: int | None = None,
        owns_process: bool = False,
        language: str | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self.platform = platform
        self.mode = mode
        self.api_level = api_level
        self.owns_process = owns_process
        self.clock = VirtualClock()
        self.notifications: list[Notification] = []
        self.finite_tasks: dict[str, str] = {}
        self.desired: dict[str, bool] = {}
        self.ended_with: int | None = None
        self._language = language
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="bgsvc-")
        self._folder = folder or Path(self._temporary.name if self._temporary else "")
        self._events: list[Event] = []
        self._boots = 1
        self.runtime = self._new_runtime()

    def __enter__(self) -> Self:
        use(self.runtime)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        forget(self.runtime)
        self._abandon()
        if self._temporary is not None:
            self._temporary.cleanup()

    # what a test does

    def start(
        self,
        service: type[BackgroundService] | ServiceConfig | str,
        *,
        reason: StartReason = StartReason.USER,
        foreground_service_type: str | None = None,
        deadline: float | None = None,
    ) -> StartResult:
        """Start a service as the platform would, and let it run to its first wait.

        Args:
            service: Its class, its configuration, or the name of one started before.
            reason: Who asks for the run.
            foreground_service_type: The Android type it runs under.
            deadline: Seconds the platform grants, as iOS does.
        """
        if isinstance(service, str):
            supervisor = self.runtime.find(service)
        elif isinstance(service, ServiceConfig):
            supervisor = self.runtime.adopt(service)
        else:
            supervisor = self.runtime.adopt(config_of(service), service)
        result = supervisor.start(reason, foreground_type=foreground_service_type, granted=deadline)
        self.clock.settle()
        return result

    def stop(
        self, service: str | None = None, reason: StopReason = StopReason.USER_STOP
    ) -> ServiceStatus:
        """Stop a service, let time pass until it has ended or is overdue, and return its state."""
        supervisor = self.runtime.find(service)
        supervisor.stop(reason)
        supervisor.wait_stopped(supervisor.config.stop_timeout)
        return supervisor.status()

    def expire(
        self,
        service: str | None = None,
        *,
        reason: StopReason = StopReason.PLATFORM_TIMEOUT,
        remaining: float = 5.0,
    ) -> ServiceStatus:
        """Expire a service, `remaining` seconds before the platform would act."""
        supervisor = self.runtime.find(service)
        supervisor.expire(reason, remaining)
        supervisor.wait_stopped(remaining)
        return supervisor.status()

    def background(self, remaining: float | None = 30.0) -> None:
        """Let the user leave the app; finite tasks have `remaining` seconds."""
        self.runtime.set_app_state(AppState.BACKGROUND, remaining)
        self.runtime.ports.bus.drain_calls(1.0)
        self.clock.settle()

    def foreground(self) -> None:
        """Let the user come back to the app."""
        self.runtime.set_app_state(AppState.ACTIVE)
        self.runtime.ports.bus.drain_calls(1.0)

    def expire_finite_tasks(self) -> None:
        """Expire every open finite task."""
        for task in list(self.finite_tasks):
            self.runtime.finite_tasks.expire(task)
        self.clock.settle()

    def press(self, key: str, action: str, service: str | None = None) -> None:
        """Press the button `action` of the notification `key`."""
        self.runtime.find(service).act(key, action)
        self.runtime.ports.bus.drain_calls(1.0)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.advance(seconds)

    def kill(self) -> None:
        """Kill the process at once; the next start is in a new one."""
        forget(self.runtime)
        self._abandon()
        self.runtime = self._new_runtime()
        use(self.runtime)

    def reboot(self) -> None:
        """Restart the device: the process dies, and the platform's counts begin anew."""
        self._boots += 1
        self.kill()

    # what a test reads

    def events(self, name: str | None = None, service: str | None = None) -> list[Event]:
        """Return all events so far, or those of one name or service."""
        self.clock.settle()
        return [
            event
            for event in self._events
            if name in {None, event.event} and service in {None, event.service}
        ]

    def state(self, service: str | None = None) -> ServiceStatus:
        """Return a service's state."""
        self.clock.settle()
        return self.runtime.find(service).status()

    def running_task(self, name: str = "task") -> FiniteTask:
        """Begin a finite task, as `bgsvc.finite_task` does."""
        return self.runtime.finite_tasks.begin(name)

    # what the runtime calls

    def notify(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        """Record it."""
        del reply
        self.notifications.append(read_notification(message))

    def finite_task(self, op: str, task: str, name: str) -> None:
        """Record it."""
        if op == "begin":
            self.finite_tasks[task] = name
        else:
            self.finite_tasks.pop(task, None)

    def desired_state(self, service: str, *, running: bool) -> None:
        """Record it."""
        self.desired[service] = running

    def native_state(self, service: str) -> NativeState | None:
        """Return what a well-behaved host would report."""
        return NativeState.RUNNING if self.runtime.find(service).running else NativeState.IDLE

    def end_process(self, status: int) -> None:
        """Record it; the thread that does not stop goes on."""
        self.ended_with = status

    def _new_runtime(self) -> Runtime:
        bus = Bus()
        bus.tap(self._events.append)
        data_dir = str(self._folder)
        quota_tracker = QuotaTracker(self.clock, state_dir_in(data_dir), f"boot {self._boots}")
        return Runtime(
            KillablePorts(
                clock=self.clock,
                host=self,
                bus=bus,
                data_dir=data_dir,
                quota_tracker=lambda: quota_tracker,
                jitter=lambda: 1.0,
                language=self._language,
            )
        )

    def _abandon(self) -> None:
        """Cut the old process's threads off from disk and listeners, and stop them."""
        self.stop_writing()
        self.runtime.abandon()
        self.clock.settle()
