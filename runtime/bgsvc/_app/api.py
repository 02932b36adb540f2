"""The module functions: what an app asks of its services."""

from __future__ import annotations

from bgsvc._app.capabilities import capabilities_of
from bgsvc._app.current import current
from bgsvc._app.validate import validate_setup
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
    """Start a service and return what accepted it; the run goes on by itself.

    Args:
        service: Its class, its configuration, or the name of one that was started before.
        reason: Who asked.
        foreground_service_type: The Android type to run under, where there is one.

    Raises:
        AlreadyRunningError: It runs; runs never overlap.
        StillStoppingError: Its last run was told to stop and has not ended.
        UnknownServiceError: It is given by a name nobody has used.
        ConfigError: It is given by something else.
    """
    supervisor = _adopt(service)
    return supervisor.start(reason, foreground_type=foreground_service_type)


def stop_service(
    name: str | None = None,
    *,
    reason: StopReason = StopReason.USER_STOP,
    wait: bool = True,
) -> ServiceStatus:
    """Stop a service and return its state: `stopped`, or the truth if it is `stopping` still.

    Args:
        name: Its name; may be left out where there is but one service.
        reason: Why, and not `error`; most reasons also mean that it is not wanted after a reboot.
        wait: Whether to wait, at most its stop timeout. A run that stops itself never waits.

    Raises:
        NotRunningError: It does not run and is not wanted.
        ConfigError: The reason is `error`, which is what a run that failed says of itself.
    """
    supervisor = current().find(name)
    supervisor.stop(reason)
    if wait:
        supervisor.wait_stopped(supervisor.config.stop_timeout)
    return supervisor.status()


def is_service_running(name: str | None = None) -> bool:
    """Return whether a run is under way, here or in another process; a stopping one counts."""
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
    """Call `callback` with every event from now on; return a function that ends it.

    It may be an `async def`: then it runs in the event loop it was added from, else in one of
    its own. One that raises or blocks hurts neither the service nor other listeners.
    """
    return current().listen(require_callable(callback))


def enable_auto_restart(name: str | None = None) -> DesiredState:
    """Want the service after the next boot, whatever it does now."""
    return _set_desired_state(name, running=True)


def disable_auto_restart(name: str | None = None) -> DesiredState:
    """No longer want the service after the next boot, whatever it does now."""
    return _set_desired_state(name, running=False)


def get_desired_service_state(name: str | None = None) -> DesiredState:
    """Return what is wanted of the service after the next boot."""
    return _desired_state_of(current().find(name))


def get_platform_capabilities(name: str | None = None) -> PlatformCapabilities:
    """Return what the platform promises, in the mode that is really in force.

    The mode is that of `name`'s run, else the last that the host named. On Android the answer is
    for the types a service declares: `name`'s, else all services'.
    """
    runtime = current()
    supervisors = runtime.all() if name is None else [runtime.find(name)]
    types = {kind for one in supervisors for kind in one.config.foreground_service_types}
    mode = None if name is None else supervisors[0].mode
    return capabilities_of(runtime.ports.host, sorted(types), mode)


def validate_background_service_setup() -> SetupReport:
    """Look whether the known services can work here, by trying what can be tried."""
    runtime = current()
    configs = [supervisor.config for supervisor in runtime.all()]
    return validate_setup(configs, runtime.ports.host, runtime.ports.data_dir)


def before_exit(callback: Callable[[str], object], name: str = "before_exit") -> str:
    """Ask for time to finish something, run `callback(task_id)` in a thread, return the id.

    Call it when the app leaves the front, and `finish(task_id)` when the work is done, else the
    task counts as unfinished when the platform's time is up. The callback may be an `async def`.
    """
    return current().finite_tasks.before_exit(require_callable(callback), name)


def finish(task_id: str) -> None:
    """Say that the work of `before_exit` is done.

    Raises:
        TaskIdMissingError: If the id is empty.
        TaskNotFoundError: If there is no such task, or it has ended.
    """
    current().finite_tasks.finish(task_id)


def finite_task(name: str) -> FiniteTask:
    """Ask for time to finish something, for the length of a `with`.

    The task knows `remaining()` and tells `on_expire` when time runs out.
    """
    return current().finite_tasks.begin(name)


def on_app_state_change(callback: Callable[[AppState], object]) -> Callable[[], None]:
    """Call `callback` when the app comes to the front or leaves it.

    It runs in a thread of its own or, if it is an `async def`, in the event loop it was added
    from; one that raises or blocks hurts nobody. Returns a function that takes it back.
    """
    return current().on_app_state(require_callable(callback))


def report_app_state(state: AppState) -> None:
    """Say, from a desktop app, that it came to the front or left it; phones say so themselves."""
    current().set_app_state(state)


def send_message(data: object, name: str | None = None) -> bool:
    """Hand `data` to a service's `ctx.on_message` callbacks; False if there is no run.

    Raises:
        UnknownServiceError: There is no such service.
    """
    return current().find(name).deliver(data)


def replay_desired_state(*services: type[BackgroundService] | ServiceConfig) -> list[StartResult]:
    """Start those of `services` that were wanted when the last process ended.

    Call it once when the app starts; it is what brings services back after a reboot. One that
    cannot be started keeps none from being: it is logged, and a `restart_failed` event tells why.
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
