"""Android: a foreground service per service of the spec, and Python inside the app."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.facts.android import SERVICE_TYPES, Permission, ServiceType
from bgsvc_gen.spec.model import Service, Spec
from bgsvc_gen.targets.android.resources import ICON, StringsFile, strings_files
from bgsvc_gen.targets.android.service import ServicePlan, plan_service
from bgsvc_gen.targets.android.support import support_files
from bgsvc_gen.targets.base import Output, Plan

NAME: Final = "android"
EMBEDS_PYTHON: Final = True

MAIN: Final = PurePosixPath("src/main")
"""The source set, as Gradle expects it."""

_BOOT: Final = Permission("android.permission.RECEIVE_BOOT_COMPLETED", since=26)
_WAKE_LOCK: Final = Permission("android.permission.WAKE_LOCK", since=26)
_FOREGROUND: Final = (Permission("android.permission.FOREGROUND_SERVICE", since=28),)
_NOTIFY: Final = Permission("android.permission.POST_NOTIFICATIONS", since=33)
"""Lets the app request notifications, which Android otherwise hides."""


@dataclass(frozen=True, slots=True)
class AndroidPlan(Plan):
    """The services that run on Android, and the contents of their manifest.

    Attributes:
        package: The Kotlin package of the generated classes.
        asked: The permissions of the manifest, each once.
        quiets_lint: Whether Lint doubts one of those, although a type needs it.
        features: The hardware those would make Google Play ask a device for; none is required.
        services: Those in the foreground.
        jobs: Those that run in jobs; without either nothing runs on Android.
        icon_resource: That of the notifications.
        starts_on_boot: Whether one of the services starts with the device.
        starts_locked: Whether one starts before the user has unlocked it.
        strings: The texts that users see, a file for each language.
        hosts: What embeds Python; the support sources follow from it.
        target_sdk: The API level whose rules the spec was checked against.
    """

    package: str
    asked: tuple[Permission, ...]
    quiets_lint: bool
    features: tuple[str, ...]
    services: tuple[ServicePlan, ...]
    jobs: tuple[ServicePlan, ...]
    icon_resource: str
    starts_on_boot: bool
    starts_locked: bool
    strings: tuple[StringsFile, ...]
    hosts: tuple[str, ...]
    target_sdk: int

    @property
    def permissions(self) -> tuple[str, ...]:
        """The names of the declared permissions."""
        return tuple(permission.name for permission in self.asked)

    def outputs(self) -> tuple[Output, ...]:
        """Return the manifest, the services, their resources and the support sources."""
        if not self.services and not self.jobs:
            return ()
        folder = MAIN.joinpath("kotlin", *self.package.split("."))
        return (
            Output(MAIN / "AndroidManifest.xml", "android/AndroidManifest.xml.j2"),
            *(
                Output(folder / f"{service.class_name}.kt", "android/Service.kt.j2", service)
                for service in self.services
            ),
            *(
                Output(folder / f"{job.class_name}.kt", "android/Job.kt.j2", job)
                for job in self.jobs
            ),
            *(
                Output(
                    MAIN / "res" / strings.folder / "bgsvc.xml", "android/strings.xml.j2", strings
                )
                for strings in self.strings
            ),
            *support_files(MAIN, self.hosts),
        )


def plan(spec: Spec) -> AndroidPlan:
    """Decide how `spec` runs on Android; a service without a type does not run there."""
    services = [service for service in spec.services if service.android.is_used]
    package = f"{spec.app.id}.bgsvc"
    asked = _collect_permissions(services)
    plans = {service.name: plan_service(spec, service, package) for service in services}
    starts_on_boot = any(
        service.start_on_boot and service.android.kind == "service" for service in services
    )
    return AndroidPlan(
        package=package,
        asked=asked,
        quiets_lint=any(permission.lint for permission in asked),
        features=_collect_features(services),
        services=tuple(plans[each.name] for each in services if each.android.kind == "service"),
        jobs=tuple(plans[each.name] for each in services if each.android.kind == "job"),
        icon_resource=ICON,
        starts_on_boot=starts_on_boot,
        starts_locked=any(service.android.direct_boot for service in services),
        strings=strings_files(services),
        hosts=tuple(sorted({service.android.host for service in services})),
        target_sdk=spec.android.target_sdk,
    )


def _service_types(services: Sequence[Service]) -> Iterator[ServiceType]:
    return (SERVICE_TYPES[name] for service in services for name in service.android.types)


def _collect_permissions(services: Sequence[Service]) -> tuple[Permission, ...]:
    in_foreground = any(service.android.kind == "service" for service in services)
    by_name = {each.name: each for each in (*(_FOREGROUND if in_foreground else ()), _NOTIFY)}
    for row in _service_types(services):
        by_name.update({each.name: each for each in row.permissions})
    for service in services:
        for each in _job_permissions(service) if service.android.kind == "job" else ():
            by_name.setdefault(each.name, each)
        if service.start_on_boot:
            by_name.setdefault(_BOOT.name, _BOOT)
        if service.android.wake_lock:
            by_name.setdefault(_WAKE_LOCK.name, _WAKE_LOCK)
        for name in service.android.permissions:
            by_name.setdefault(name, Permission(name, since=26))
    return tuple(by_name.values())


def _job_permissions(service: Service) -> Iterator[Permission]:
    job = service.android.job
    if job.network or job.user_initiated:
        # REQUIRE_NETWORK_PERMISSIONS_FOR_CONNECTIVITY_JOBS, JobSchedulerService, android-all 34
        yield Permission("android.permission.ACCESS_NETWORK_STATE", since=26)
    if job.user_initiated:
        yield Permission("android.permission.RUN_USER_INITIATED_JOBS", since=34)


def _collect_features(services: Sequence[Service]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(feature for row in _service_types(services) for feature in row.features)
    )
