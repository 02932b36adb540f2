"""The module functions, which an app calls."""

from __future__ import annotations

from bgsvc._app.current import current
from bgsvc._model.config import ServiceConfig, require_callable
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import BackgroundServiceError, ConfigError
from bgsvc._model.status import DesiredState
from bgsvc._service.entry import config_of
from bgsvc._service.service import BackgroundService

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._engine.finite_tasks import FiniteTask
    from bgsvc._engine.supervisor import Supervisor
    from bgsvc._model.enums import AppState
    from bgsvc._model.event import Event
    from bgsvc._model.platform_reports import PlatformCapabilities, SetupReport
    from bgsvc._model.status import ServiceStatus, StartResult


def start_service(
    service: str | type[BackgroundService] | ServiceConfig,
    *,
    reason: StartReason = StartReason.APP,
    foreground_service_type: str | None = None,
) -> StartResult:
    """Start a service, and return what accepted it without waiting for the run.

    Args:
        service: Its class, its configuration, or the name of one that was started before.
        reason: Who asks for the run.
        foreground_service_type: The Android type to run under.

    Raises:
        AlreadyRunningError: The service runs already; runs never overlap.
        StillStoppingError: Its last run was asked to stop and has not ended.
        UnknownServiceError: `service` is a name that has not been started before.
        ConfigError: `service` is something else.
    """
    supervisor = _adopt(service)
    return supervisor.start(reason, foreground_type=foreground_service_type)


def stop_service(
    name: str | None = None,
    *,
    reason: StopReason = StopReason.USER_STOP,
    wait: bool = True,
) -> ServiceStatus:
    """Stop a service and return its status; `state` is `stopping` if the run has not ended.

    Args:
        name: Its name; optional if there is one service only.
        reason: Why; `userStop`, `appStop`, `nativeNotificationStop` and `taskCompleted` also clear
            the desired state. It cannot be `error`.
        wait: Whether to wait, at most for its stop timeout. A run that stops itself never waits.

    Raises:
        NotRunningError: No run is under way, due or desired.
        ConfigError: The reason is `error`, which only a run that failed ends with.
    """
    supervisor = current().find(name)
    supervisor.stop(reason)
    if wait:
        supervisor.wait_stopped(supervisor.config.stop_timeout)
    return supervisor.status()


def is_service_running(name: str | None = None) -> bool:
    """Return whether a run is under way, here or in another process, even if it is stopping."""
    try:
        return current().find(name).is_running_anywhere
    except BackgroundServiceError:
        return False


def get_service_state(name: str | None = None) -> ServiceStatus:
    """Return a service's state, desired state, last error and history.

    Raises:
        UnknownServiceError: There is no such service.
    """
    return current().find(name).status()


def on_plugin_event(callback: Callable[[Event], object]) -> Callable[[], None]:
    """Call `callback` with every event from now on; return a function that stops that.

    An `async def` runs in the event loop that was running here, else in one of its own. A callback
    that raises or blocks affects neither the service nor other callbacks.
    """
    return current().listen(require_callable(callback))


def enable_auto_restart(name: str | None = None) -> DesiredState:
    """Set the desired state: start the service after the next boot. It changes nothing now."""
    return _set_desired_state(name, running=True)


def disable_auto_restart(name: str | None = None) -> DesiredState:
    """Clear the desired state: do not start the service after a boot. It changes nothing now."""
    return _set_desired_state(name, running=False)


def get_desired_service_state(name: str | None = None) -> DesiredState:
    """Return whether the service is started after the next boot."""
    return _desired_state_of(current().find(name))


def get_platform_capabilities(name: str | None = None) -> PlatformCapabilities:
    """Return what the platform promises in the mode in force.

    The mode is that of `name`'s run, else the one that the host named last. On Android the answer
    is for the types that `name` declares, else for those of all services.
    """
    from bgsvc._app.capabilities import capabilities_of

    runtime = current()
    supervisors = runtime.all() if name is None else [runtime.find(name)]
    types = {kind for one in supervisors for kind in one.config.foreground_service_types}
    mode = None if name is None else supervisors[0].mode
    return capabilities_of(runtime.ports.host, sorted(types), mode)


def validate_background_service_setup() -> SetupReport:
    """Check that the known services can work here."""
    from bgsvc._app.validate import validate_setup

    runtime = current()
    configs = [supervisor.config for supervisor in runtime.all()]
    return validate_setup(configs, runtime.ports.host, runtime.ports.data_dir)


def before_exit(callback: Callable[[str], object], name: str = "before_exit") -> str:
    """Ask the platform for time, run `callback(task_id)` in a thread, and return the task's id.

    Call it when the app leaves the front, and `finish(task_id)` when the work is done. Without
    `finish` the task expires when the platform's time is up. The callback may be an `async def`.
    """
    return current().finite_tasks.before_exit(require_callable(callback), name)


def finish(task_id: str) -> None:
    """End the task of `before_exit`.

    Raises:
        TaskIdMissingError: If the id is empty.
        TaskNotFoundError: If there is no such task, or it has ended.
    """
    current().finite_tasks.finish(task_id)


def finite_task(name: str) -> FiniteTask:
    """Ask the platform for time, for the length of a `with`.

    The task has `remaining()`, and calls `on_expire` callbacks when time runs out.
    """
    return current().finite_tasks.begin(name)


def on_app_state_change(callback: Callable[[AppState], object]) -> Callable[[], None]:
    """Call `callback` when the app comes to the front or leaves it.

    It runs in a thread of its own; an `async def` runs in the event loop that was running here. One
    that raises or blocks affects nothing else. Returns a function that removes the callback.
    """
    return current().on_app_state(require_callable(callback))


def report_app_state(state: AppState) -> None:
    """Report that a desktop app came to the front or left it; phones report it themselves."""
    current().set_app_state(state)


def send_message(data: object, name: str | None = None) -> bool:
    """Pass `data` to a service's `ctx.on_message` callbacks; False if no run is under way.

    Raises:
        UnknownServiceError: There is no such service.
    """
    return current().find(name).deliver(data)


def replay_desired_state(*services: type[BackgroundService] | ServiceConfig) -> list[StartResult]:
    """Start those of `services` that are desired.

    Call it once when the app starts: it brings services back after a reboot. If one cannot be
    started, that is logged and emitted as `restart_failed`, and the others are started.
    """
    results: list[StartResult] = []
    for service in services:
        try:
            supervisor = _adopt(service)
            if supervisor.reread().desired_running and not supervisor.running:
                results.append(supervisor.start(StartReason.REPLAY))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs the user's code
            config = service if isinstance(service, ServiceConfig) else config_of(service)
            current().report_failed_start(config.name, error)
    return results


def _adopt(service: str | type[BackgroundService] | ServiceConfig) -> Supervisor:
    runtime = current()
    if isinstance(service, ServiceConfig):
        return runtime.adopt(service)
    if isinstance(service, str):
        return runtime.find(service)
    service_class = _require_class(service)
    config = config_of(service_class)
    return runtime.adopt(config, service_class)


def _require_class(service: object) -> type[BackgroundService]:
    if isinstance(service, type) and issubclass(service, BackgroundService):
        return service
    raise ConfigError(f"a service is given by its class, ServiceConfig or name, not {service!r}")


def _set_desired_state(name: str | None, *, running: bool) -> DesiredState:
    supervisor = current().find(name)
    supervisor.set_desired_state(running=running)
    return _desired_state_of(supervisor)


def _desired_state_of(supervisor: Supervisor) -> DesiredState:
    snapshot = supervisor.reread()
    return DesiredState(supervisor.config.name, snapshot.desired_running, snapshot.since)
