"""macOS: launchd jobs, an agent for the user or a daemon for the system."""

from dataclasses import dataclass
from math import ceil
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.spec.model import Service, Spec
from bgsvc_gen.targets.base import Output, Plan
from bgsvc_gen.targets.desktop import STOP_MARGIN_S, Variable, run_arguments, service_id, variables

NAME: Final = "macos"
EMBEDS_PYTHON: Final = False

LEAST_THROTTLE: Final = 10
"""Seconds; launchd's default `ThrottleInterval`.

launchd never gives up, so a shorter one would restart a broken job without pause.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """One service's property list; durations in whole seconds, as launchd reads them.

    launchd.plist(5): every form of `KeepAlive` starts the job as soon as it is loaded, which for
    an installed job is each login or boot. A service without `start_on_boot` therefore has none,
    and launchd does not restart it.

    Attributes:
        folder: The folder below a `Library` from which launchd loads it.
        keeps_alive: Whether launchd restarts it after an exit status other than 0: after a failure,
            or with `--again` after any unrequested exit. A requested stop ends with 0, so that
            launchd does not restart it.
        throttle: The least time between two starts, if launchd restarts it.
        working_directory: Its working directory; the installation expands `~`, launchd does not.
        user: The account it runs as; `None` for root, or for the user whose agent it is.
    """

    label: str
    folder: str
    arguments: tuple[str, ...]
    run_at_load: bool
    keeps_alive: bool
    throttle: int | None
    exit_timeout: int
    environment: tuple[Variable, ...]
    working_directory: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class MacosPlan(Plan):
    """The jobs of all services."""

    jobs: tuple[Job, ...]

    def outputs(self) -> tuple[Output, ...]:
        """Return one property list for each job."""
        return tuple(
            Output(PurePosixPath(job.folder, f"{job.label}.plist"), "desktop/launchd.plist.j2", job)
            for job in self.jobs
        )


def plan(spec: Spec) -> MacosPlan:
    """Decide how `spec` runs under launchd."""
    return MacosPlan(tuple(_plan_job(spec, service) for service in spec.services))


def _plan_job(spec: Spec, service: Service) -> Job:
    restart = service.restart
    keeps_alive = service.start_on_boot and restart.on != "never"
    return Job(
        label=service_id(spec, service),
        folder="LaunchDaemons" if service.desktop.scope == "system" else "LaunchAgents",
        arguments=(*run_arguments(spec, service), "--boot"),
        run_at_load=service.start_on_boot,
        keeps_alive=keeps_alive,
        throttle=max(LEAST_THROTTLE, ceil(restart.delay)) if keeps_alive else None,
        exit_timeout=ceil(service.stop_timeout + STOP_MARGIN_S),
        environment=variables(service),
        working_directory=service.desktop.working_directory,
        user=service.desktop.user,
    )
