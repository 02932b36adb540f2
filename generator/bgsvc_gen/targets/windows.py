"""Windows: a Task Scheduler task for the user, a service under WinSW for the system."""

from dataclasses import dataclass
from math import ceil
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.spec.model import Desktop, Restart, Service, Spec
from bgsvc_gen.targets.base import Output, Plan
from bgsvc_gen.targets.desktop import (
    STOP_MARGIN_S,
    Variable,
    run_arguments,
    service_id,
    title,
    variables,
)

NAME: Final = "windows"
EMBEDS_PYTHON: Final = False

LEAST_TASK_DELAY: Final = 60
MOST_TASK_DELAY: Final = 31 * 24 * 60 * 60
MOST_TASK_RESTARTS: Final = 255
"""Limits of `RestartOnFailure`: an interval from a minute to 31 days, a count of one byte."""

HOME: Final = "%USERPROFILE%"
"""The equivalent of `~`; the Task Scheduler, WinSW and our own host expand it."""

MOST_SERVICE_RESTARTS: Final = 100
"""Largest number of restarts; WinSW's file has a line for each."""


@dataclass(frozen=True, slots=True)
class Task:
    """A scheduled task, which runs in the user's session without a window.

    Attributes:
        uri: Its folder and name in the Task Scheduler's library.
        logon_delay: Whole seconds after the logon; `None` to start with it.
        working_directory: Its working directory; `None` for the scheduler's default.
        restarts: Whether the scheduler restarts it.
        restart_delay: Whole seconds.
    """

    name: str
    uri: str
    description: str
    arguments: tuple[str, ...]
    start_at_logon: bool
    logon_delay: int | None
    working_directory: str | None
    restarts: bool
    restart_delay: int
    restart_limit: int


@dataclass(frozen=True, slots=True)
class WrappedService:
    """A service that WinSW runs; durations as WinSW spells them.

    Attributes:
        is_delayed: Whether Windows starts it about two minutes after the others.
        after: The services that it depends on and starts after.
        account: Its account; `None` for LocalSystem.
        working_directory: Its working directory; `None` for its own folder.
        restart_delays: One delay per restart before WinSW gives up.
        restart_window: Time without a failure after which the count of restarts is reset.
    """

    name: str
    display_name: str
    description: str
    arguments: tuple[str, ...]
    environment: tuple[Variable, ...]
    start_mode: str
    is_delayed: bool
    after: tuple[str, ...]
    account: str | None
    working_directory: str | None
    stop_timeout: str
    restart_delays: tuple[str, ...]
    restart_window: str


@dataclass(frozen=True, slots=True)
class WindowsPlan(Plan):
    """The tasks and services of a spec."""

    tasks: tuple[Task, ...]
    services: tuple[WrappedService, ...]

    def outputs(self) -> tuple[Output, ...]:
        """Return one file for each task and each service."""
        tasks = (
            Output(PurePosixPath(f"{task.name}.task.xml"), "desktop/task.xml.j2", task)
            for task in self.tasks
        )
        services = (
            Output(PurePosixPath(f"{service.name}.winsw.xml"), "desktop/winsw.xml.j2", service)
            for service in self.services
        )
        return (*tasks, *services)


def plan(spec: Spec) -> WindowsPlan:
    """Decide how `spec` runs on Windows."""
    tasks = (_plan_task(spec, each) for each in spec.services if each.desktop.scope == "user")
    services = (
        _plan_service(spec, each) for each in spec.services if each.desktop.scope == "system"
    )
    return WindowsPlan(tuple(tasks), tuple(services))


def _plan_task(spec: Spec, service: Service) -> Task:
    restart = service.restart
    return Task(
        name=service_id(spec, service),
        uri=f"\\{spec.app.id}\\{service.name}",
        description=title(spec, service),
        arguments=(*run_arguments(spec, service, service.desktop.environment), "--boot"),
        start_at_logon=service.start_on_boot,
        logon_delay=ceil(service.desktop.start_delay) or None,
        working_directory=_choose_folder(service.desktop),
        restarts=restart.on != "never",
        restart_delay=min(max(LEAST_TASK_DELAY, ceil(restart.delay)), MOST_TASK_DELAY),
        restart_limit=min(restart.limit, MOST_TASK_RESTARTS),
    )


def _plan_service(spec: Spec, service: Service) -> WrappedService:
    restart = service.restart
    return WrappedService(
        name=service_id(spec, service),
        display_name=title(spec, service),
        description=service.label.default,
        arguments=(*run_arguments(spec, service), "--boot"),
        environment=variables(service),
        start_mode="Automatic" if service.start_on_boot else "Manual",
        is_delayed=service.desktop.start_delay > 0,
        after=service.desktop.windows.after,
        account=_choose_account(service.desktop, service_id(spec, service)),
        working_directory=_choose_folder(service.desktop),
        stop_timeout=_format_span(service.stop_timeout + STOP_MARGIN_S),
        restart_delays=() if restart.on == "never" else _restart_delays(restart),
        restart_window=_format_span(restart.window),
    )


def _choose_account(desktop: Desktop, name: str) -> str | None:
    """Return the account: an unprivileged user elsewhere is one of the service's own here."""
    own = desktop.user not in {None, "root"}
    account = desktop.windows.account or ("own" if own else "LocalSystem")
    if account == "LocalSystem":
        return None
    return f"NT SERVICE\\{name}" if account == "own" else f"NT AUTHORITY\\{account}"


def _choose_folder(desktop: Desktop) -> str | None:
    """Return where it starts; a Unix path is none of Windows', which a warning says."""
    if desktop.windows.working_directory is None and desktop.working_directory == "~":
        return HOME
    return desktop.windows.working_directory


def _restart_delays(restart: Restart) -> tuple[str, ...]:
    delays: list[str] = []
    delay = restart.delay
    for _ in range(min(restart.limit, MOST_SERVICE_RESTARTS)):
        delays.append(_format_span(delay))
        delay = min(2 * delay, restart.max_delay)
    return tuple(delays)


def _format_span(seconds: float) -> str:
    return f"{int(seconds)} sec" if seconds.is_integer() else f"{ceil(seconds * 1000)} ms"
