"""Linux: systemd units, for the user's manager or the system's."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.facts.systemd import sandbox
from bgsvc_gen.spec.model import Desktop, RestartOn, Service, Spec
from bgsvc_gen.targets.base import Output, Plan
from bgsvc_gen.targets.desktop import STOP_MARGIN_S, decimal, run_arguments, service_id, title

NAME: Final = "linux"
EMBEDS_PYTHON: Final = False

RESTART: Final[Mapping[RestartOn, str]] = {
    "failure": "on-failure",
    "always": "always",
    "never": "no",
}
"""`restart.on` → `Restart=`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One service's unit file; durations are systemd time spans.

    Attributes:
        after: The units that it wants and starts after.
        environment: Assignments, `NAME=value`.
        restarts: Whether systemd restarts it, which needs a limit.
        is_kept: Whether systemd restarts it after every exit but a requested one.
        start_limit: Number of starts in a window: the first one and the restarts.
        watchdog: Longest time without a sign of life; `None` for no watchdog.
        is_system: Whether the system manager runs it, not a user manager.
        has_dynamic_user: Whether systemd allocates an account for each run (`DynamicUser=`).
        sandbox: The lines of its sandbox.
        wanted_by: The target that starts it once it is enabled; `None` if a timer does.
        start_on_boot: `yes` or `no`: whether the installation enables it.
    """

    name: str
    description: str
    after: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: tuple[str, ...]
    working_directory: str | None
    restart: str
    restarts: bool
    is_kept: bool
    restart_delay: str
    start_limit: int
    start_window: str
    stop_timeout: str
    watchdog: str | None
    is_system: bool
    user: str | None
    has_dynamic_user: bool
    credentials: tuple[str, ...]
    sandbox: tuple[str, ...]
    wanted_by: str | None
    scope: str
    start_on_boot: str


@dataclass(frozen=True, slots=True)
class TimerUnit:
    """A timer that starts a service periodically or after boot; one of these is set.

    Attributes:
        every: A time span.
        calendar: A calendar event.
        delay: A time span after its manager's start.
    """

    name: str
    description: str
    every: str | None = None
    calendar: str | None = None
    delay: str | None = None


@dataclass(frozen=True, slots=True)
class LinuxPlan(Plan):
    """The units of all services."""

    units: tuple[Unit, ...]
    timers: tuple[TimerUnit, ...]

    def outputs(self) -> tuple[Output, ...]:
        """Return one file for each unit."""
        services = (
            Output(PurePosixPath(f"{unit.name}.service"), "desktop/systemd.service.j2", unit)
            for unit in self.units
        )
        timers = (
            Output(PurePosixPath(f"{timer.name}.timer"), "desktop/systemd.timer.j2", timer)
            for timer in self.timers
        )
        return (*services, *timers)


def plan(spec: Spec) -> LinuxPlan:
    """Decide how `spec` runs under systemd."""
    units = tuple(_plan_unit(spec, service) for service in spec.services)
    timers = (_plan_timer(spec, service) for service in spec.services)
    return LinuxPlan(units, tuple(timer for timer in timers if timer is not None))


def _plan_unit(spec: Spec, service: Service) -> Unit:
    restart, desktop = service.restart, service.desktop
    is_system = desktop.scope == "system"
    return Unit(
        name=service_id(spec, service),
        description=title(spec, service),
        after=desktop.after,
        arguments=_arguments(spec, service),
        environment=_format_environment(desktop),
        working_directory=desktop.working_directory,
        restart=RESTART[restart.on],
        restarts=restart.on != "never",
        is_kept=restart.on == "always",
        restart_delay=_format_span(restart.delay),
        start_limit=restart.limit + 1,
        start_window=_format_span(restart.window),
        stop_timeout=_format_span(service.stop_timeout + STOP_MARGIN_S),
        watchdog=None if desktop.watchdog is None else _format_span(desktop.watchdog),
        is_system=is_system,
        user=desktop.user,
        has_dynamic_user=is_system and desktop.user is None,
        credentials=desktop.credentials,
        sandbox=sandbox(desktop.relax, is_system=is_system),
        wanted_by=_install_target(desktop),
        scope=desktop.scope,
        start_on_boot="yes" if service.start_on_boot else "no",
    )


def _arguments(spec: Spec, service: Service) -> tuple[str, ...]:
    """Return the arguments; a timer's start is no boot, and what it finds stopped is to run."""
    arguments = run_arguments(spec, service)
    return arguments if service.desktop.timer else (*arguments, "--boot")


def _format_environment(desktop: Desktop) -> tuple[str, ...]:
    """Return the assignments; a watchdog's signal makes Python say where it stood."""
    ours = {"PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}
    watched = {} if desktop.watchdog is None else {"PYTHONFAULTHANDLER": "1"}
    variables = {**ours, **watched, **desktop.environment}
    return tuple(f"{name}={value}" for name, value in variables.items())


def _install_target(desktop: Desktop) -> str | None:
    if desktop.timer is not None or desktop.start_delay:
        return None
    return "multi-user.target" if desktop.scope == "system" else "default.target"


def _plan_timer(spec: Spec, service: Service) -> TimerUnit | None:
    name, description = service_id(spec, service), title(spec, service)
    timer, delay = service.desktop.timer, service.desktop.start_delay
    if delay:
        return TimerUnit(name, description, delay=_format_span(delay))
    if timer is None:
        return None
    every = None if timer.every is None else _format_span(timer.every)
    return TimerUnit(name, description, every=every, calendar=timer.calendar)


def _format_span(seconds: float) -> str:
    return f"{decimal(seconds)}s"
