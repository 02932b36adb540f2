"""Android's foreground service types: what the platform asks of each, and what it grants."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypedDict

Granted = Literal["install", "user"]

OLDEST: Final = 26
"""Oldest supported API level: older ones have no notification channels.

https://developer.android.com/develop/ui/views/notifications/channels
"""
CHECKED: Final = 34
"""From this target on, Android refuses a type without its permission.

Compat change 254662522 (FGS_TYPE_PERMISSION_CHANGE_ID), android-all 34-37. Google Play takes no app
that targets less: https://developer.android.com/google/play/requirements/target-sdk
"""
BOOT_CHECKED: Final = 35
"""From this target on, Android refuses to start most types at boot.

Compat change 296558535 (FGS_BOOT_COMPLETED_RESTRICTIONS), android-all 35-37;
https://developer.android.com/about/versions/15/behavior-changes-15#fgs-boot-completed
"""
NEWEST: Final = 37
"""The newest API level whose rules are in the table."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that the manifest declares.

    Attributes:
        since: The API level that defines it; 26, the oldest supported one, also stands for earlier.
        lint: The Lint issue that questions it; the service type is the reason for it.
    """

    name: str
    since: int
    lint: str | None = None


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """How long a service of a type may stay in the foreground, in seconds.

    Attributes:
        window: Seconds over which the limit is counted; `None` where it is counted per start.
        since: The API level, of the device and the target, that enforces it.
    """

    seconds: int
    window: int | None
    since: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several permissions, of which an app that targets API 34 or newer needs one.

    Attributes:
        granted: By whom: at installation, or by the user at run time.
        since: The first API level of a device on which it counts.
        until: The last one; `None` where it still does.
    """

    name: str
    granted: Granted
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class ServiceType:
    """One `android:foregroundServiceType` that an app may declare.

    Attributes:
        name: The manifest's name for it.
        purpose: What it is for, as an author reads it.
        value: Its bit in `ServiceInfo`.
        constant: Its constant's name in `ServiceInfo`.
        since: The API level that defines the constant.
        permissions: Its own permission, and each further one that it certainly needs.
        time_limit: `None` where the platform sets none.
        boot_allowed: Whether BOOT_COMPLETED may start it, at target SDK 35 and above.
        sticky: Whether a restart by the system can succeed.
        property: The `<property>` its declaration needs.
        choices: The permissions of which it needs one besides its own; none where that is enough.
        unless: What does instead of any of `choices`.
        while_in_use: Whether it can start only while the app is in use.
        boot_permission: What a start at boot needs in addition.
        features: The hardware its permissions would make Google Play ask a device for.
        play_declaration: Whether Google Play wants it declared; `None` where it is not verified.
        alternatives: What may do better than this type.
        sources: Where each of these facts was read.
    """

    name: str
    purpose: str
    value: int
    constant: str
    since: int
    permissions: tuple[Permission, ...]
    time_limit: TimeLimit | None
    boot_allowed: bool
    sticky: bool
    property: str | None
    choices: tuple[Choice, ...]
    unless: str | None
    while_in_use: bool
    boot_permission: str | None
    features: tuple[str, ...]
    play_declaration: bool | None
    alternatives: tuple[str, ...]
    sources: tuple[str, ...]

    def boot_refused_at(self, target: int) -> bool:
        """Return whether Android refuses it at boot to an app that targets API `target`."""
        # Android has checked the while-in-use types, such as camera, since it checks types.
        since = CHECKED if self.while_in_use else BOOT_CHECKED
        return not self.boot_allowed and target >= since

    def is_limited_at(self, target: int) -> bool:
        """Return whether its time is limited in an app that targets API `target`."""
        limit = self.time_limit
        # The limit per start, that of shortService, depends on the device only.
        return limit is not None and (limit.window is None or target >= limit.since)

    def choices_at(self, level: int) -> tuple[str, ...]:
        """Return the permissions of which one is needed on a device of API `level`."""
        choices = (each for each in self.choices if each.since <= level)
        return tuple(each.name for each in choices if each.until is None or level <= each.until)


class _PermissionRow(TypedDict):
    name: str
    since: int
    lint: str | None


class _TimeLimitRow(TypedDict):
    seconds: int
    window: int | None
    since: int


class _ChoiceRow(TypedDict):
    name: str
    granted: Granted
    since: int
    until: int | None


class _TypeRow(TypedDict):
    name: str
    purpose: str
    value: int
    constant: str
    since: int
    permissions: list[_PermissionRow]
    time_limit: _TimeLimitRow | None
    boot_allowed: bool
    sticky: bool
    property: str | None
    choices: list[_ChoiceRow]
    unless: str | None
    while_in_use: bool
    boot_permission: str | None
    features: list[str]
    play_declaration: bool | None
    alternatives: list[str]
    sources: list[str]


class _RefusedRow(TypedDict):
    name: str
    reason: str
    sources: list[str]


class _Table(TypedDict):
    refused: list[_RefusedRow]
    types: list[_TypeRow]


def _to_service_type(row: _TypeRow) -> ServiceType:
    limit = row["time_limit"]
    return ServiceType(
        name=row["name"],
        purpose=row["purpose"],
        value=row["value"],
        constant=row["constant"],
        since=row["since"],
        permissions=tuple(Permission(**permission) for permission in row["permissions"]),
        time_limit=None if limit is None else TimeLimit(**limit),
        boot_allowed=row["boot_allowed"],
        sticky=row["sticky"],
        property=row["property"],
        choices=tuple(Choice(**choice) for choice in row["choices"]),
        unless=row["unless"],
        while_in_use=row["while_in_use"],
        boot_permission=row["boot_permission"],
        features=tuple(row["features"]),
        play_declaration=row["play_declaration"],
        alternatives=tuple(row["alternatives"]),
        sources=tuple(row["sources"]),
    )


# Beside the module, in a checkout and in a wheel alike; importlib.resources would cost more to
# import than the table to read.
_TABLE: Final[_Table] = json.loads(
    Path(__file__).with_name("android_service_types.json").read_text(encoding="utf-8")
)

SERVICE_TYPES: Final[Mapping[str, ServiceType]] = {
    row["name"]: _to_service_type(row) for row in _TABLE["types"]
}
"""Every type that an app can declare, by its manifest name, in the order of their bits."""

REFUSED: Final[Mapping[str, str]] = {row["name"]: row["reason"] for row in _TABLE["refused"]}
"""Names that look like types but cannot be declared, each with the reason."""
