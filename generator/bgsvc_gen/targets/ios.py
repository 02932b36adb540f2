"""iOS: BGTaskScheduler windows, in which the embedded Python runs its services."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.lang import swift
from bgsvc_gen.runtime_config import runtime_config
from bgsvc_gen.spec.model import Service, Spec
from bgsvc_gen.targets.base import Output, Plan

NAME: Final = "ios"
CARRIES_RUNTIME: Final = True

SOURCES: Final = PurePosixPath("Bgsvc")
SUPPORT: Final = (
    "BgsvcApp.swift",
    "BgsvcBridge.swift",
    "BgsvcLedger.swift",
    "BgsvcPython.swift",
    "BgsvcRuntime.swift",
    "BgsvcScheduler.swift",
    "BgsvcTask.swift",
    "BgsvcWindow.swift",
)
"""Swift that is copied as it is."""


@dataclass(frozen=True, slots=True)
class ServiceConstant:
    """A service as Swift names it.

    Attributes:
        member: Its name as a static member.
        config: What the runtime is told about it, as the bridge spells it.
    """

    member: str
    name: str
    label: str
    config: str


@dataclass(frozen=True, slots=True)
class Run:
    """A service in a window; `earliest` in seconds since its last one."""

    member: str
    earliest: float


@dataclass(frozen=True, slots=True)
class ProcessingTask:
    """A BGProcessingTask: one for each service that asks for it."""

    identifier: str
    run: Run
    network: bool
    power: bool


@dataclass(frozen=True, slots=True)
class IosPlan(Plan):
    """What the iOS templates print.

    Attributes:
        services: Those with a task on iOS.
        refresh_identifier: The app's one BGAppRefreshTask: iOS keeps no second one pending.
        refreshes: The services it runs.
        background_modes: Of `UIBackgroundModes`, those the tasks need.
        identifiers: Of all tasks.
    """

    app_id: str
    services: tuple[ServiceConstant, ...]
    refresh_identifier: str
    refreshes: tuple[Run, ...]
    processing: tuple[ProcessingTask, ...]
    background_modes: tuple[str, ...]
    identifiers: tuple[str, ...]

    def outputs(self) -> tuple[Output, ...]:
        """Return the constants, their support, and what to merge into the app's Info.plist."""
        if not self.services:
            return ()
        return (
            Output(PurePosixPath("Info.plist"), "ios/Info.plist.j2"),
            Output(SOURCES / "BgsvcServices.swift", "ios/BgsvcServices.swift.j2"),
            *(Output(SOURCES / name, f"ios/support/{name}") for name in SUPPORT),
        )


def plan(spec: Spec) -> IosPlan:
    """Decide how `spec` runs on iOS."""
    prefix = f"{spec.app.id}.bgsvc"
    refresh_identifier = f"{prefix}.refresh"
    refreshes = tuple(
        Run(swift.member_name(service.name), service.ios.refresh.earliest)
        for service in spec.services
        if service.ios.refresh is not None
    )
    processing = tuple(_processing(prefix, service) for service in spec.services)
    tasks = tuple(task for task in processing if task is not None)
    modes = (("fetch", refreshes), ("processing", tasks))
    return IosPlan(
        app_id=spec.app.id,
        services=tuple(_constant(spec, each) for each in spec.services if _is_on_ios(each)),
        refresh_identifier=refresh_identifier,
        refreshes=refreshes,
        processing=tasks,
        background_modes=tuple(mode for mode, users in modes if users),
        identifiers=(
            *((refresh_identifier,) if refreshes else ()),
            *(task.identifier for task in tasks),
        ),
    )


def _is_on_ios(service: Service) -> bool:
    return service.ios.refresh is not None or service.ios.processing is not None


def _constant(spec: Spec, service: Service) -> ServiceConstant:
    return ServiceConstant(
        member=swift.member_name(service.name),
        name=service.name,
        label=service.label.default,
        config=runtime_config(spec, service),
    )


def _processing(prefix: str, service: Service) -> ProcessingTask | None:
    asked = service.ios.processing
    if asked is None:
        return None
    return ProcessingTask(
        identifier=f"{prefix}.{service.name}.processing",
        run=Run(swift.member_name(service.name), asked.earliest),
        network=asked.network,
        power=asked.power,
    )
