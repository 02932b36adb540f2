"""Linux: systemd units, for the user's manager or the system's."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.spec.model import RestartOn, Service, Spec
from bgsvc_gen.targets.base import Output, Plan
from bgsvc_gen.targets.desktop import STOP_MARGIN, decimal, run_arguments, service_id, title

NAME: Final = "linux"
CARRIES_RUNTIME: Final = False

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
        restarts: Whether systemd starts it again by itself, and so needs a limit.
        start_limit: How many starts fall into a window: the first one, and the restarts.
        watchdog: How long the service may be silent; `None` for no watchdog.
        is_system: Whether the system's manager runs it, not a user's.
        wanted_by: The target that starts it once it is enabled.
    """

    name: str
    description: str
    arguments: tuple[str, ...]
    restart: str
    restarts: bool
    restart_delay: str
    start_limit: int
    start_window: str
    stop_timeout: str
    watchdog: str | None
    is_system: bool
    wanted_by: str


@dataclass(frozen=True, slots=True)
class LinuxPlan(Plan):
    """The units of all services."""

    units: tuple[Unit, ...]

    def outputs(self) -> tuple[Output, ...]:
        """Return one file for each unit."""
        return tuple(
            Output(PurePosixPath(f"{unit.name}.service"), "desktop/systemd.service.j2", unit)
            for unit in self.units
        )


def plan(spec: Spec) -> LinuxPlan:
    """Decide how `spec` runs under systemd."""
    return LinuxPlan(tuple(_unit(spec, service) for service in spec.services))


def _unit(spec: Spec, service: Service) -> Unit:
    restart = service.restart
    watchdog = service.desktop.watchdog
    is_system = service.desktop.scope == "system"
    return Unit(
        name=service_id(spec, service),
        description=title(spec, service),
        arguments=run_arguments(spec, service),
        restart=RESTART[restart.on],
        restarts=restart.on != "never",
        restart_delay=_span(restart.delay),
        start_limit=restart.limit + 1,
        start_window=_span(restart.window),
        stop_timeout=_span(service.stop_timeout + STOP_MARGIN),
        watchdog=None if watchdog is None else _span(watchdog),
        is_system=is_system,
        wanted_by="multi-user.target" if is_system else "default.target",
    )


def _span(seconds: float) -> str:
    return f"{decimal(seconds)}s"
