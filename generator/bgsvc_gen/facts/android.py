"""Android's foreground service types: what the platform asks of each, and what it grants."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission that the manifest declares.

    Attributes:
        since: The API level that defines it; 26, the oldest one looked at, also stands for earlier.
    """

    name: str
    since: int


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
    sources: tuple[str, ...]


class _PermissionRow(TypedDict):
    name: str
    since: int


class _TimeLimitRow(TypedDict):
    seconds: int
    window: int | None
    since: int


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
    sources: list[str]


class _RefusedRow(TypedDict):
    name: str
    reason: str
    sources: list[str]


class _Table(TypedDict):
    refused: list[_RefusedRow]
    types: list[_TypeRow]


def _service_type(row: _TypeRow) -> ServiceType:
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
        sources=tuple(row["sources"]),
    )


# Beside the module, in a checkout and in a wheel alike; importlib.resources would cost more to
# import than the table to read.
_TABLE: Final[_Table] = json.loads(
    Path(__file__).with_name("android_service_types.json").read_text(encoding="utf-8")
)

SERVICE_TYPES: Final[Mapping[str, ServiceType]] = {
    row["name"]: _service_type(row) for row in _TABLE["types"]
}
"""Every type an app may declare, by its manifest name, in the order of their bits."""

REFUSED: Final[Mapping[str, str]] = {row["name"]: row["reason"] for row in _TABLE["refused"]}
"""Names that look like types and cannot be declared, each with the reason."""
