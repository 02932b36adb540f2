"""iOS: BGTaskScheduler windows, in which the embedded Python runs its services."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.facts.ios import ENTITLEMENTS, identifier_of
from bgsvc_gen.lang import swift
from bgsvc_gen.runtime_config import runtime_config
from bgsvc_gen.spec.model import Service, Spec
from bgsvc_gen.targets.base import Output, Plan

NAME: Final = "ios"
EMBEDS_PYTHON: Final = True

SOURCES: Final = PurePosixPath("Bgsvc")
CPYTHON: Final = PurePosixPath("BgsvcCPython")
SUPPORT: Final = (
    "Bgsvc.swift",
    "BgsvcApp.swift",
    "BgsvcBackgroundTime.swift",
    "BgsvcBridge.swift",
    "BgsvcCapabilities.swift",
    "BgsvcClock.swift",
    "BgsvcError.swift",
    "BgsvcForeground.swift",
    "BgsvcInterpreter.swift",
    "BgsvcLocked.swift",
    "BgsvcMessage.swift",
    "BgsvcNotifications.swift",
    "BgsvcPython.swift",
    "BgsvcRequests.swift",
    "BgsvcRuns.swift",
    "BgsvcScheduler.swift",
    "BgsvcService.swift",
    "BgsvcState.swift",
    "BgsvcValue.swift",
    "BgsvcWindow.swift",
    "BgsvcWindowHistory.swift",
)
"""Swift sources that are copied verbatim."""

MODULE: Final = ("BgsvcCPython.h", "module.modulemap")
"""The C module through which Swift imports CPython."""

PRIVACY: Final = "PrivacyInfo.xcprivacy"
"""The privacy manifest; App Store Connect requires it for the use of UserDefaults."""


@dataclass(frozen=True, slots=True)
class ServiceConstant:
    """A service as Swift names it.

    Attributes:
        member: Its name as a static member.
        config: The service configuration, as the bridge spells it.
    """

    member: str
    name: str
    label: str
    config: str


@dataclass(frozen=True, slots=True)
class Run:
    """A service in a background task; `earliest` in seconds since its last one."""

    member: str
    earliest: float


@dataclass(frozen=True, slots=True)
class ProcessingTask:
    """A BGProcessingTask, one per service that declares it."""

    identifier: str
    run: Run
    network: bool
    power: bool
    health_research: bool


@dataclass(frozen=True, slots=True)
class ContinuedTask:
    """A BGContinuedProcessingTask and its texts."""

    identifier: str
    run: Run
    title: str
    subtitle: str
    may_queue: bool
    gpu: bool


@dataclass(frozen=True, slots=True)
class IosPlan(Plan):
    """What the iOS templates print.

    Attributes:
        services: Those that are on iOS.
        refresh_identifier: The app's one BGAppRefreshTask: iOS keeps no second one pending.
        refreshes: The services it runs.
        background_modes: Of `UIBackgroundModes`, those the tasks need.
        identifiers: What the app is to be permitted, wildcards included.
        entitlements: Those the tasks need.
    """

    app_id: str
    services: tuple[ServiceConstant, ...]
    refresh_identifier: str
    refreshes: tuple[Run, ...]
    processing: tuple[ProcessingTask, ...]
    continued: tuple[ContinuedTask, ...]
    background_modes: tuple[str, ...]
    identifiers: tuple[str, ...]
    entitlements: tuple[str, ...]

    @property
    def property_list(self) -> Mapping[str, tuple[str, ...]]:
        """Arrays that the app's `Info.plist` must contain → their members."""
        arrays = {
            "BGTaskSchedulerPermittedIdentifiers": self.identifiers,
            "UIBackgroundModes": self.background_modes,
        }
        return {key: values for key, values in arrays.items() if values}

    def outputs(self) -> tuple[Output, ...]:
        """Return the constants, their support, and what an Xcode project needs of them."""
        if not self.services:
            return ()
        entitlements = Output(PurePosixPath("Bgsvc.entitlements"), "ios/entitlements.plist.j2")
        return (
            Output(PurePosixPath("Info.plist"), "ios/Info.plist.j2"),
            *((entitlements,) if self.entitlements else ()),
            Output(PurePosixPath(PRIVACY), f"ios/{PRIVACY}"),
            Output(PurePosixPath("Package.swift"), "ios/Package.swift.j2"),
            Output(PurePosixPath("project.yml"), "ios/project.yml.j2"),
            Output(SOURCES / "BgsvcServices.swift", "ios/BgsvcServices.swift.j2"),
            *(Output(SOURCES / name, f"ios/support/{name}") for name in SUPPORT),
            *(Output(CPYTHON / name, f"ios/python/{name}") for name in MODULE),
        )


def plan(spec: Spec) -> IosPlan:
    """Decide how `spec` runs on iOS."""
    app_id = spec.app.id
    refresh_identifier = identifier_of("refresh", app_id)
    refreshes = tuple(
        Run(swift.member_name(service.name), service.ios.refresh.earliest)
        for service in spec.services
        if service.ios.refresh is not None
    )
    processing = tuple(
        task for service in spec.services for task in _plan_processing(app_id, service)
    )
    continued = tuple(
        task for service in spec.services for task in _plan_continued(app_id, service)
    )
    modes = (("fetch", refreshes), ("processing", processing))
    wildcards = (f"{task.identifier.rpartition('.')[0]}.*" for task in continued)
    return IosPlan(
        app_id=app_id,
        services=tuple(_constant(spec, each) for each in spec.services if each.ios.is_used),
        refresh_identifier=refresh_identifier,
        refreshes=refreshes,
        processing=processing,
        continued=continued,
        background_modes=tuple(mode for mode, users in modes if users),
        identifiers=(
            *((refresh_identifier,) if refreshes else ()),
            *(task.identifier for task in processing),
            *wildcards,
        ),
        entitlements=_entitlements(processing, continued),
    )


def _entitlements(
    processing: tuple[ProcessingTask, ...], continued: tuple[ContinuedTask, ...]
) -> tuple[str, ...]:
    return (
        *((ENTITLEMENTS["gpu"],) if any(task.gpu for task in continued) else ()),
        *(
            (ENTITLEMENTS["healthResearch"],)
            if any(task.health_research for task in processing)
            else ()
        ),
    )


def _constant(spec: Spec, service: Service) -> ServiceConstant:
    return ServiceConstant(
        member=swift.member_name(service.name),
        name=service.name,
        label=service.label.default,
        config=runtime_config(spec, service),
    )


def _plan_processing(app_id: str, service: Service) -> Iterator[ProcessingTask]:
    task = service.ios.processing
    if task is None:
        return
    yield ProcessingTask(
        identifier=task.identifier or identifier_of("processing", app_id, service.name),
        run=Run(swift.member_name(service.name), task.earliest),
        network=task.network,
        power=task.power,
        health_research=task.health_research,
    )


def _plan_continued(app_id: str, service: Service) -> Iterator[ContinuedTask]:
    task = service.ios.continued
    if task is None:
        return
    yield ContinuedTask(
        identifier=identifier_of("continuedProcessing", app_id, service.name),
        run=Run(swift.member_name(service.name), 0.0),
        title=task.title or service.label.default,
        subtitle=task.subtitle,
        may_queue=task.strategy == "queue",
        gpu=task.gpu,
    )
