"""All services of one process, by name."""

from __future__ import annotations

import threading

from bgsvc._engine.supervisor import Supervisor
from bgsvc._events.bus import EventSource
from bgsvc._model.config import ServiceConfig, validate_name
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import (
    NotRunningError,
    UnknownServiceError,
    describe_error,
    normalize_background_service_error,
)
from bgsvc._service.entry import load_entry
from bgsvc._storage.locks import InstanceLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._engine.finite_tasks import FiniteTask, FiniteTasks
    from bgsvc._engine.ports import Ports
    from bgsvc._model.enums import AppState
    from bgsvc._model.event import Event
    from bgsvc._service.service import BackgroundService

_APP_STATE = "on_app_state_change"


class Runtime:
    """The services of one process, each independent of the others."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._lock = threading.Lock()
        self._services: dict[str, Supervisor] = {}
        self._source = EventSource("", ports.bus, ports.clock)
        self._finite_tasks: FiniteTasks | None = None

    @property
    def finite_tasks(self) -> FiniteTasks:
        """The process's finite tasks."""
        with self._lock:
            if self._finite_tasks is None:
                from bgsvc._engine.finite_tasks import FiniteTasks

                self._finite_tasks = FiniteTasks(self.ports, self._finite_task_expired)
            return self._finite_tasks

    def adopt(
        self, config: ServiceConfig, factory: Callable[[], BackgroundService] | None = None
    ) -> Supervisor:
        """Return the supervisor of the service `config` describes, made on first use.

        Raises:
            ConfigError: If its name cannot be a file's name.
            EntryNotFoundError: If `factory` is not given and the entry does not exist.
        """
        validate_name(config.name)
        make = load_entry(config.entry) if factory is None else factory
        with self._lock:
            supervisor = self._services.get(config.name)
            if supervisor is None:
                supervisor = Supervisor(config, make, self.ports)
                self._services[config.name] = supervisor
                return supervisor
        supervisor.reconfigure(config, make)  # may wait for that service alone
        return supervisor

    def find(self, name: str | None = None) -> Supervisor:
        """Return a known service; without a name, the only one.

        Raises:
            UnknownServiceError: If it is not known, or none or several are.
        """
        known_supervisor = self._services.get(name) if isinstance(name, str) else None
        if known_supervisor is not None:
            return known_supervisor
        with self._lock:
            if name is None and len(self._services) == 1:
                return next(iter(self._services.values()))
            known = ", ".join(sorted(self._services)) or "none"
        if name is None:
            raise UnknownServiceError(f"say which service is meant; known: {known}")
        raise UnknownServiceError(f"no service {name!r}; known: {known}")

    def all(self) -> list[Supervisor]:
        """Return every known service, by name."""
        with self._lock:
            return [self._services[name] for name in sorted(self._services)]

    def stop_all(self, reason: StopReason) -> None:
        """Ask every run to end, without waiting."""
        for supervisor in self.all():
            try:
                supervisor.stop(reason)
            except NotRunningError:
                continue
            except Exception:
                import logging

                logging.getLogger("bgsvc").exception("%s cannot be stopped", supervisor.config.name)

    def report_failed_start(self, name: str, error: BaseException) -> None:
        """Log and emit `restart_failed`: a service that is desired did not start."""
        import logging

        logging.getLogger("bgsvc").error("%s was not started: %s", name, describe_error(error))
        supervisor = self._services.get(name)
        if supervisor is not None:
            supervisor.report_failed_start(error)
        else:
            failure = normalize_background_service_error(error)
            self._source.note(0, "restart_failed", {"service": name, **failure.to_wire()})

    def finish_tasks(self, grace: float) -> None:
        """Give open finite tasks `grace` seconds, then expire the ones still open."""
        if self._finite_tasks is not None:
            self._finite_tasks.wait_all(grace)

    def abandon(self) -> None:
        """Emit nothing more and stop every run, as if the process were gone; for tests."""
        self.ports.bus.close()
        for supervisor in self.all():
            supervisor.abandon()

    def listen(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Call `callback` with every event; return a function that ends it."""
        subscription = self.ports.bus.subscribe(callback)
        if not self.ports.host.owns_process:
            self.ports.bus.make_ready()
        return subscription.close

    def instance_lock(self, name: str) -> InstanceLock:
        """Return the lock that says which process hosts the service `name`."""
        return InstanceLock(self.ports.state_dir, name)

    def set_app_state(self, state: AppState, remaining: float | None = None) -> None:
        """Apply that the app came to the front or left it, and call the callbacks for it.

        `remaining` is the seconds that the platform grants finite tasks; None for no limit.
        """
        if self._finite_tasks is not None or remaining is not None:
            self.finite_tasks.limit(remaining)
        from bgsvc._model.enums import AppState

        if self.ports.host.platform == "android":
            self.ports.quota_tracker().app_moved(in_front=state is AppState.ACTIVE)
        for supervisor in self.all():
            supervisor.refresh_time_limit()
        self.ports.bus.call(_APP_STATE, state)

    def on_app_state(self, callback: Callable[[AppState], object]) -> Callable[[], None]:
        """Call `callback` when the app comes to the front or leaves it."""
        return self.ports.bus.on_call(_APP_STATE, callback)

    def _finite_task_expired(self, task: FiniteTask, count: int) -> None:
        data = {"task": task.id, "name": task.name, "count": count}
        self._source.note(0, "finite_task_expired", data)
