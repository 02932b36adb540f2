"""Android's rules: combinations of types, their permissions and their time limits."""

from collections.abc import Iterator, Sequence
from typing import Final

from bgsvc_gen.facts.android import NEWEST, REFUSED, SERVICE_TYPES, ServiceType
from bgsvc_gen.spec.locate import KeyPath
from bgsvc_gen.spec.model import AndroidLevels, Service
from bgsvc_gen.spec.table import Finding, Place, suggestion

MAX_BUTTONS: Final = 3
"""Number of a notification's buttons that Android shows."""


def check_android_rules(
    service: Service, levels: AndroidLevels, path: KeyPath
) -> Iterator[Finding]:
    """Yield the Android rules that `service` breaks; `path` is its `android` table."""
    types = service.android.types
    for index, name in enumerate(types):
        place = Place((*path, "types", index))
        if name in REFUSED:
            message = f'an app cannot declare the foreground service type "{name}"'
            yield place, "BG302", message, f"use another type; {REFUSED[name]}"
        elif name not in SERVICE_TYPES:
            hint = suggestion(name, SERVICE_TYPES) or f"choose one of: {', '.join(SERVICE_TYPES)}"
            yield place, "BG301", f'unknown foreground service type "{name}"', hint
        elif name in types[:index]:
            yield place, "BG303", f'"{name}" is listed twice', "remove one"
    rows = [SERVICE_TYPES[name] for name in dict.fromkeys(types) if name in SERVICE_TYPES]
    yield from _check_combinations(service, path)
    yield from _check_type_levels(service, rows, levels.target_sdk, path)
    yield from _check_boot(service, rows, levels.target_sdk, path)
    yield from _check_time_limit(service, rows, levels.target_sdk, path)
    yield from _check_direct_boot(service, path)
    yield from _check_job(service, path)


def check_newer_targets(
    service: Service, levels: AndroidLevels, path: KeyPath
) -> Iterator[Finding]:
    """Yield the rules that `service` would break if the app targeted a newer API level.

    Each is reported once, for the first such level. The spec has no errors.
    """
    rows = [SERVICE_TYPES[name] for name in service.android.types]
    reported: set[Place] = set()
    for level in range(levels.target_sdk + 1, NEWEST + 1):
        findings = (
            *_check_boot(service, rows, level, path),
            *_check_time_limit(service, rows, level, path),
        )
        for place, _, message, hint in findings:
            if place not in reported:
                reported.add(place)
                yield place, "BG318", f"once the app targets API {level}: {message}", hint


def _check_combinations(service: Service, path: KeyPath) -> Iterator[Finding]:
    android = service.android
    types = android.types
    if "specialUse" in types and android.special_use is None:
        message = "the type specialUse needs special_use, which Google Play's reviewers read"
        yield Place((*path, "types")), "BG304", message, 'add special_use = "…" beside types'
    if android.special_use is not None and "specialUse" not in types:
        message = "special_use is set, but the service has no type specialUse"
        yield (
            Place((*path, "special_use")),
            "BG311",
            message,
            "add specialUse to types, or remove special_use",
        )
    if "shortService" in types and len(set(types)) > 1:
        # Android drops shortService silently from a combination, and its time limit with it.
        message = "shortService cannot be combined with another type"
        yield Place((*path, "types")), "BG306", message, "remove it, or the other types"
    notification = android.notification
    buttons = len(notification.actions) + (notification.stop is not None)
    if buttons > MAX_BUTTONS:
        message = f"a notification shows {MAX_BUTTONS} buttons, not {buttons}"
        yield (
            Place((*path, "notification", "actions")),
            "BG313",
            message,
            f"remove {buttons - MAX_BUTTONS} of them",
        )


def _check_type_levels(
    service: Service, rows: Sequence[ServiceType], target: int, path: KeyPath
) -> Iterator[Finding]:
    for row in rows:
        if row.since > target:
            place = Place((*path, "types", service.android.types.index(row.name)))
            message = f'"{row.name}" needs API {row.since}, and the app targets {target}'
            hint = f"write target_sdk = {row.since} under [android], or use another type"
            yield place, "BG317", message, hint


def _check_boot(
    service: Service, rows: Sequence[ServiceType], target: int, path: KeyPath
) -> Iterator[Finding]:
    if not service.start_on_boot:
        return
    allowed = ", ".join(name for name, row in SERVICE_TYPES.items() if row.boot_allowed)
    for row in rows:
        place = Place((*path, "types", service.android.types.index(row.name)))
        if row.boot_refused_at(target):
            message = f'Android refuses to start a "{row.name}" service at boot'
            hint = f'remove start_on_boot, write kind = "job", or use one of: {allowed}'
            yield place, "BG305", message, hint
        elif row.boot_permission not in {None, *service.android.permissions}:
            message = f'a "{row.name}" service starts at boot only with {row.boot_permission}'
            hint = f'add permissions = ["{row.boot_permission}"], or remove start_on_boot'
            yield place, "BG310", message, hint


def _check_direct_boot(service: Service, path: KeyPath) -> Iterator[Finding]:
    if not service.android.direct_boot:
        return
    place = Place((*path, "direct_boot"))
    if service.android.kind == "job" or not service.start_on_boot:
        message = "direct_boot needs a service that starts at boot"
        yield (
            place,
            "BG319",
            message,
            "write start_on_boot = true without kind, or remove direct_boot",
        )
    if service.android.host == "chaquopy":
        message = (
            "direct_boot needs a Python that runs before the first unlock; Chaquopy's does not"
        )
        yield place, "BG319", message, 'write host = "cpython", or remove direct_boot'


def _check_time_limit(
    service: Service, rows: Sequence[ServiceType], target: int, path: KeyPath
) -> Iterator[Finding]:
    """Settings that a time limit rules out: Android would stop the app, or refuse the service."""
    for row in rows:
        if not row.is_limited_at(target):
            continue
        if service.android.sticky:
            message = f'Android cannot restart a "{row.name}" service, so sticky cannot be true'
            yield Place((*path, "sticky")), "BG308", message, "remove sticky, or use another type"
        if service.restart.on == "always":
            message = f'"{row.name}" has a time limit, so it cannot restart "always"'
            hint = 'write restart.on = "failure", or use a type without a time limit'
            yield Place((*path[:-1], "restart", "on")), "BG309", message, hint


def _check_job(service: Service, path: KeyPath) -> Iterator[Finding]:
    android = service.android
    if android.kind == "job" and android.types:
        message = "a job cannot have foreground service types"
        yield Place((*path, "types")), "BG314", message, 'remove types, or write kind = "service"'
    if android.job.user_initiated and android.job.period is not None:
        message = "a user-initiated job runs once, so it cannot have a period"
        yield Place((*path, "job", "period")), "BG315", message, "remove period or user_initiated"
