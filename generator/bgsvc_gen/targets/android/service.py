"""The plan of one Android service: the constants of its generated class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.lang import kotlin
from bgsvc_gen.runtime_config import runtime_config
from bgsvc_gen.spec.model import AndroidHost, Service, Spec
from bgsvc_gen.targets.android.resources import (
    ICON,
    action_resource,
    label_resource,
    resume_resource,
    stop_resource,
)

_HOSTS: Final[Mapping[AndroidHost, tuple[str, tuple[str, ...]]]] = {
    "chaquopy": ("::ChaquopyHost", ("dev.bgsvc.ChaquopyHost",)),
    "cpython": (
        "{ CPythonHost(AssetPythonFiles(it)) }",
        ("dev.bgsvc.AssetPythonFiles", "dev.bgsvc.CPythonHost"),
    ),
}
"""`host` → the Kotlin function that creates it from a context, and its import."""

_SERVICE_IMPORTS: Final = (
    "android.annotation.SuppressLint",
    "android.content.pm.ServiceInfo",
    "dev.bgsvc.ForegroundService",
)
_JOB_IMPORTS: Final = (
    "android.content.Context",
    "dev.bgsvc.JobRequest",
    "dev.bgsvc.JobRequests",
    "dev.bgsvc.JobRunService",
)
_IMPORTS: Final = (
    "android.app.NotificationManager",
    "dev.bgsvc.ServiceDefinition",
    "dev.bgsvc.TimeoutPolicy",
)

_MOST: Final = 2**31 - 1
"""The largest `Int` of Kotlin."""


@dataclass(frozen=True, slots=True)
class Property:
    """A `<property>` of the service's declaration."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the notification: the action for Python, and the resource of its text."""

    id: str
    resource: str


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The conditions of a job, as Kotlin literals; `period` in milliseconds."""

    network: str
    charging: str
    period: int
    persisted: str
    user_initiated: str


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """The values of a service's class and of its declaration in the manifest.

    Attributes:
        name: Its name in the spec.
        entry: Its Python class.
        config: The service configuration, as the bridge spells it.
        imports: In the order in which Kotlin's style wants them.
        type_constants: Its types' constants in `ServiceInfo`.
        types: Its types as the manifest spells them.
        type_names: The same, one by one.
        sticky: Whether Android may bring it back by itself, `true` or `false`; only if every type
            lets it.
        stop_timeout: Milliseconds.
        importance: Its notification channel's, as a constant's name.
        stop_resource: The text of the button that stops it; `None` for no such button.
        starts_locked: Whether that is before the user has unlocked it.
        job_class: The job in which it runs, or goes on after a time limit; `None` for none.
        job_id: That job's number in the app; the same for ever, since a job outlives an update.
        job_request: When that job is to run; `None` for as soon as it may.
        python_host: The Kotlin function that makes its host.
    """

    name: str
    entry: str
    config: str
    package: str
    class_name: str
    qualified_class: str
    imports: tuple[str, ...]
    type_constants: tuple[str, ...]
    types: str
    type_names: tuple[str, ...]
    sticky: str
    label_resource: str
    icon_resource: str
    resume_resource: str
    stop_timeout: int
    importance: str
    stop_resource: str | None
    actions: tuple[Action, ...]
    wake_lock: str
    on_timeout: str
    stop_with_task: str
    starts_on_boot: bool
    starts_locked: bool
    job_class: str | None
    job_id: int
    job_request: JobRequest | None
    properties: tuple[Property, ...]
    python_host: str


def plan_service(spec: Spec, service: Service, package: str) -> ServicePlan:
    """Decide how `service` runs on Android, as a class in `package`."""
    rows = [SERVICE_TYPES[name] for name in service.android.types]
    python_host, host_imports = _HOSTS[service.android.host]
    stem = kotlin.class_name(service.name)
    is_job = service.android.kind == "job"
    class_name = f"{stem}{'Job' if is_job else 'Service'}"
    part = service.android
    goes_on = part.on_timeout == "reschedule" and any(row.time_limit for row in rows)
    actions = tuple(
        Action(name, action_resource(service, name)) for name in part.notification.actions
    )
    imports = (
        *(_JOB_IMPORTS if is_job else _SERVICE_IMPORTS),
        *_IMPORTS,
        *host_imports,
        f"{spec.app.id}.R",
        *(("dev.bgsvc.JobRunService",) if goes_on else ()),
        *(("dev.bgsvc.NotificationAction",) if actions else ()),
    )
    return ServicePlan(
        name=service.name,
        entry=service.entry,
        config=runtime_config(spec, service, android=True),
        package=package,
        class_name=class_name,
        qualified_class=f"{package}.{class_name}",
        imports=tuple(sorted(imports)),
        type_constants=tuple(row.constant for row in rows),
        types="|".join(row.name for row in rows),
        type_names=service.android.types,
        sticky=_word(part.sticky is not False and not is_job and all(r.sticky for r in rows)),
        label_resource=label_resource(service),
        icon_resource=ICON,
        resume_resource=resume_resource(service),
        stop_timeout=round(service.stop_timeout * 1000),
        importance=f"IMPORTANCE_{part.notification.importance.upper()}",
        stop_resource=stop_resource(service) if part.notification.stop else None,
        actions=actions,
        wake_lock=_word(part.wake_lock),
        on_timeout=part.on_timeout.upper(),
        stop_with_task=_word(part.stop_with_task),
        starts_on_boot=service.start_on_boot,
        starts_locked=part.direct_boot,
        job_class=f"{stem}Job" if goes_on or is_job else None,
        job_id=crc32(service.name.encode()) & _MOST,
        job_request=_job_request(service) if is_job else None,
        properties=_properties(service),
        python_host=python_host,
    )


def _job_request(service: Service) -> JobRequest:
    job = service.android.job
    return JobRequest(
        network=_word(job.network),
        charging=_word(job.charging),
        period=round((job.period or 0) * 1000),
        persisted=_word(service.start_on_boot),
        user_initiated=_word(job.user_initiated),
    )


def _word(yes: bool) -> str:  # noqa: FBT001 - it is what is spelled
    return "true" if yes else "false"


def _properties(service: Service) -> tuple[Property, ...]:
    names = (SERVICE_TYPES[name].property for name in service.android.types)
    value = service.android.special_use or ""
    return tuple(Property(name, value) for name in names if name is not None)
