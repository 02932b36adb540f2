"""Checks of an Android app that contains generated services.

They read the manifest that Android reads: the merged one, or the one in the APK. Android Lint
reports only some of these faults, and Android itself none until the service starts.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from bgsvc_gen.doctor import Finding
from bgsvc_gen.doctor.merged_manifest import Manifest, types_of, value
from bgsvc_gen.facts.android import CHECKED, OLDEST, REFUSED, SERVICE_TYPES, ServiceType
from bgsvc_gen.targets.android import AndroidPlan
from bgsvc_gen.targets.android.service import ServicePlan

CODES: Final = {
    "DA001": "a service of the spec is not in the manifest",
    "DA002": "a service's foreground service type is not the spec's",
    "DA003": "a permission is missing",
    "DA004": "a type needs one of several permissions, and the app has none",
    "DA005": "a service or a receiver is open to other apps",
    "DA006": "the property that explains `specialUse` is missing",
    "DA007": "any app can bind a job service",
    "DA008": "the app targets an older API level than Google Play accepts",
    "DA009": "the app's minSdk is below that of the generated sources",
    "DA010": "the receiver that starts services at boot is not in the manifest",
    "DA011": "the runtime in the app is of another version than the sources",
    "DA012": "the generated files are not part of the app's build",
    "DA013": "a native library is missing",
    "DA014": "a native library does not load on devices with 16 KB pages",
    "DA015": "the app targets a newer API level than the spec",
    "DA016": "a component that starts before the first unlock is not declared directBootAware",
}
"""Every code of a finding about an Android app, and its meaning."""

_BIND_JOB: Final = "android.permission.BIND_JOB_SERVICE"
_BOOT: Final = "android.intent.action.BOOT_COMPLETED"
_LOCKED_BOOT: Final = "android.intent.action.LOCKED_BOOT_COMPLETED"
_RECEIVER: Final = "dev.bgsvc.BootReceiver"
_TASK_SERVICE: Final = "dev.bgsvc.FiniteTaskService"
_TASK_JOB: Final = "dev.bgsvc.FiniteTaskJob"
_WHOLE: Final = "add the generated AndroidManifest.xml to the app's source set"


def check_manifest(root: ET.Element, plan: AndroidPlan) -> Iterator[Finding]:
    """Yield the faults of a merged manifest for the services of `plan`."""
    manifest = Manifest(root)
    services = manifest.components("service")
    yield from _check_levels(manifest, plan)
    for service in plan.services:
        element = services.get(service.qualified_class)
        if element is None:
            yield Finding(
                "DA001",
                f"{service.qualified_class} is not registered",
                _WHOLE,
            )
        else:
            yield from _check_service(service, element, manifest)
    yield from _check_permissions(plan, manifest)
    yield from _check_exported(plan, manifest)
    yield from _check_jobs(plan, services)
    yield from _check_finite_tasks(plan, services)
    yield from _check_boot(plan, manifest)


def _check_levels(manifest: Manifest, plan: AndroidPlan) -> Iterator[Finding]:
    if manifest.oldest < OLDEST:
        yield Finding(
            "DA009",
            f"minSdk {manifest.oldest} is below {OLDEST}",
            f"write minSdk = {OLDEST}; older levels have no notification channels",
        )
    if manifest.target < CHECKED:
        yield Finding(
            "DA008",
            f"targetSdk {manifest.target} is below {CHECKED}",
            "raise targetSdk; Android checks the types and their permissions from API 34",
        )
    if manifest.target > plan.target_sdk:
        yield Finding(
            "DA015",
            f"targetSdk is {manifest.target}, but the spec is for {plan.target_sdk}",
            f"write target_sdk = {manifest.target} under [android]; newer levels may forbid more",
        )


def _check_service(
    service: ServicePlan, element: ET.Element, manifest: Manifest
) -> Iterator[Finding]:
    actual, expected = types_of(element), frozenset(filter(None, service.types.split("|")))
    if actual != expected:
        listed = "|".join(sorted(actual)) or "none"
        yield Finding(
            "DA002",
            f"{service.class_name} has foregroundServiceType {listed}, not {service.types}",
            "remove the override from the app's own manifest",
        )
    rows = [SERVICE_TYPES[name] for name in sorted(expected)]
    for row in rows:
        yield from _check_choices(row, manifest)
        if row.property is not None:
            properties = {value(each, "name") for each in element.iter("property")}
            if row.property not in properties:
                yield Finding(
                    "DA006",
                    f"{service.class_name} has no <property> {row.property}",
                    "use the <service> of the generated manifest unchanged",
                )
    if actual & REFUSED.keys():
        yield Finding(
            "DA002", f"{service.class_name} declares a type that Android refuses", "remove the type"
        )


def _check_choices(row: ServiceType, manifest: Manifest) -> Iterator[Finding]:
    levels = range(CHECKED, max(manifest.target, CHECKED) + 1)
    for level in levels:
        choices = row.choices_at(level)
        if choices and row.unless is None and not manifest.permissions & set(choices):
            names = ", ".join(name.removeprefix("android.permission.") for name in choices)
            yield Finding(
                "DA004",
                f"on API {level} a {row.name} service needs one of {names}",
                "declare the one that the service uses",
            )
            return


def _check_permissions(plan: AndroidPlan, manifest: Manifest) -> Iterator[Finding]:
    for name in plan.permissions:
        if name not in manifest.permissions and not _has_alternative(name, plan, manifest):
            yield Finding(
                "DA003",
                f"the app does not declare the permission {name}",
                "remove the tools:node that removes it, or declare it",
            )


def _has_alternative(name: str, plan: AndroidPlan, manifest: Manifest) -> bool:
    """Return whether `name` is one of several permissions, of which the app has another."""
    rows = (SERVICE_TYPES[each] for service in plan.services for each in service.type_names)
    lists = [{choice.name for choice in row.choices} for row in rows]
    return any(name in names and names & manifest.permissions for names in lists)


def _check_exported(plan: AndroidPlan, manifest: Manifest) -> Iterator[Finding]:
    ours = {service.qualified_class for service in plan.services}
    for tag in ("service", "receiver"):
        for name, element in manifest.components(tag).items():
            if name not in ours and not name.startswith("dev.bgsvc."):
                continue
            guard = value(element, "permission")
            is_open = value(element, "exported") == "true" and not guard
            if is_open:
                yield Finding(
                    "DA005",
                    f"any app may call {name}",
                    'write android:exported="false", as the generated manifest does',
                )


def _check_jobs(plan: AndroidPlan, services: Mapping[str, ET.Element]) -> Iterator[Finding]:
    every = (*plan.services, *plan.jobs)
    jobs = [f"{each.package}.{each.job_class}" for each in every if each.job_class is not None]
    for name in (*jobs, _TASK_JOB):
        if name not in services:
            yield Finding("DA001", f"{name} is not registered", _WHOLE)
        elif value(services[name], "permission") != _BIND_JOB:
            fix = f'write android:permission="{_BIND_JOB}"; without it Android runs no job'
            yield Finding("DA007", f"{name} can be bound by any app", fix)


def _check_finite_tasks(plan: AndroidPlan, services: Mapping[str, ET.Element]) -> Iterator[Finding]:
    if not plan.services:
        return
    service = services.get(_TASK_SERVICE)
    if service is None:
        yield Finding("DA001", f"{_TASK_SERVICE} is not registered", _WHOLE)
    elif types_of(service) != frozenset({"shortService"}):
        fix = "remove the override from the app's own manifest"
        yield Finding("DA002", f"{_TASK_SERVICE} must have the type shortService and no other", fix)


def _check_boot(plan: AndroidPlan, manifest: Manifest) -> Iterator[Finding]:
    if not plan.starts_on_boot:
        return
    receivers = manifest.components("receiver")
    actions = {
        value(action, "name")
        for name, element in receivers.items()
        if name == _RECEIVER
        for action in element.iter("action")
    }
    actions_needed = (_BOOT, _LOCKED_BOOT) if plan.starts_locked else (_BOOT,)
    for missing in (name for name in actions_needed if name not in actions):
        yield Finding("DA010", f"{_RECEIVER} does not receive {missing}", _WHOLE)
    yield from _check_direct_boot(plan, manifest)


def _check_direct_boot(plan: AndroidPlan, manifest: Manifest) -> Iterator[Finding]:
    if not plan.starts_locked:
        return
    early = [service.qualified_class for service in plan.services if service.starts_locked]
    components = {**manifest.components("service"), **manifest.components("receiver")}
    for name in (_RECEIVER, *early):
        element = components.get(name)
        if element is not None and value(element, "directBootAware") != "true":
            yield Finding(
                "DA016",
                f"{name} does not start before the user has unlocked the device",
                'write android:directBootAware="true", as the generated manifest does',
            )


def codes(findings: Iterable[Finding]) -> list[str]:
    """Return the findings' codes, each once, sorted."""
    return sorted({finding.code for finding in findings})
