"""Queries on a merged Android manifest: its permissions, API levels and components."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from bgsvc_gen.doctor.android_manifest import NAMESPACE
from bgsvc_gen.facts.android import CHECKED, SERVICE_TYPES

_DIGITS: Final = 10
"""Decimal digits of the largest 32-bit number."""


@dataclass(frozen=True)
class Manifest:
    """Queries on a merged manifest."""

    root: ET.Element

    @cached_property
    def permissions(self) -> frozenset[str]:
        """The permissions that it declares."""
        tags = ("uses-permission", "uses-permission-sdk-23")
        elements = (each for tag in tags for each in self.root.iter(tag))
        return frozenset(value(each, "name") for each in elements)

    @cached_property
    def target(self) -> int:
        """The API level the app targets."""
        return self._level("targetSdkVersion") or self._level("minSdkVersion") or CHECKED

    @cached_property
    def oldest(self) -> int:
        """The oldest API level that the app runs on; 1 if the manifest has none."""
        return self._level("minSdkVersion") or 1

    def components(self, tag: str) -> Mapping[str, ET.Element]:
        """Return the components called `tag`, by the full names of their classes."""
        package = self.root.get("package", "")
        elements = list(self.root.iter(tag))
        return {_to_absolute(value(each, "name"), package): each for each in elements}

    def _level(self, name: str) -> int:
        levels = (value(each, name) for each in self.root.iter("uses-sdk"))
        return next((number for level in levels if (number := _parse_number(level))), 0)


def value(element: ET.Element, name: str) -> str:
    """Return the value of `android:name` of an element, or the empty string."""
    return element.get(NAMESPACE + name, "")


def types_of(service: ET.Element) -> frozenset[str]:
    """Return the names of a service's types; a merged manifest has names, an APK a bit mask."""
    types = value(service, "foregroundServiceType")
    if bits := _parse_number(types):
        return frozenset(name for name, row in SERVICE_TYPES.items() if row.value & bits)
    return frozenset(filter(None, types.split("|")))


def _parse_number(text: str) -> int:
    """Return a number as Android writes it, in 32 bits, or 0."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


def _to_absolute(name: str, package: str) -> str:
    return f"{package}{name}" if name.startswith(".") else name
