"""What each platform guarantees a service, read from the runtime's own table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypedDict

from bgsvc_gen.resources import runtime_root

Level = Literal["guaranteed", "bestEffort", "unsupported"]

SERVICE_MODE: Final = "androidForegroundService"
"""The one mode whose promises depend on the service's types."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A platform's guarantee in one scenario.

    Attributes:
        reason: Why it is no more, or no less.
        needs: Its conditions.
    """

    level: Level
    reason: str
    needs: tuple[str, ...] = ()


class _Row(TypedDict):
    level: Level
    reason: str
    needs: list[str]


class _Table(TypedDict):
    levels: list[Level]
    scenarios: dict[str, str]
    modes: dict[str, dict[str, _Row]]
    androidTypes: dict[str, dict[str, _Row]]


_TABLE: Final[_Table] = json.loads(
    (runtime_root() / "capabilities.json").read_text(encoding="utf-8")
)
_STRENGTH: Final = {level: -rank for rank, level in enumerate(_TABLE["levels"])}
_UNPROVEN: Final = ("otherwise",)
"""Keys of entries for conditions that only the device can answer, such as lingering."""

SCENARIOS: Final[Mapping[str, str]] = _TABLE["scenarios"]
"""Scenario → its meaning, in the table's order."""

MODES: Final = tuple(_TABLE["modes"])
"""Every mode that can run a service."""


def promises(mode: str, types: Sequence[str] = ()) -> dict[str, Promise]:
    """Return scenario → promise for a mode; with several Android types, the weakest one.

    A promise that depends on the device is the one that holds on every device.

    Raises:
        KeyError: If the table has no such mode or type.
    """
    row = _TABLE["modes"][mode]
    rows = [row]
    if types and mode == SERVICE_MODE:
        rows = [{**row, **_TABLE["androidTypes"][name]} for name in types]
    known = (name for name in SCENARIOS if name in row)
    return {name: _weakest(_promise(each[name]) for each in rows) for name in known}


def _weakest(candidates: Iterable[Promise]) -> Promise:
    return min(candidates, key=lambda promise: _STRENGTH[promise.level])


def _promise(row: _Row) -> Promise:
    for name in _UNPROVEN:
        row = row.get(name, row)  # type: ignore[assignment]
    return Promise(row["level"], row["reason"], tuple(row["needs"]))
