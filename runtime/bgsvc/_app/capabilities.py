"""What the platform promises in the mode in force."""

from __future__ import annotations

import os

from bgsvc._lite.guards import is_array, is_object
from bgsvc._lite.json import decode
from bgsvc._model.enums import Guarantee
from bgsvc._model.errors import ConfigError
from bgsvc._model.platform_reports import Capability, PlatformCapabilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bgsvc._ports.host import Host

_ORDER = (Guarantee.UNSUPPORTED, Guarantee.BEST_EFFORT, Guarantee.GUARANTEED)


def capabilities_of(
    host: Host, types: Sequence[str] = (), mode: str | None = None
) -> PlatformCapabilities:
    """Return what the table promises for `mode`, else the host's, corrected by facts found here.

    Raises:
        ConfigError: If the table has no such mode or Android type.
    """
    table = _read_table()
    mode = mode or host.mode
    rows = _rows_of(table, mode, types)
    facts = _find_facts(mode)
    scenarios: dict[str, Capability] = {}
    for scenario in rows[0]:
        promises = [_read_capability(row[scenario], facts) for row in rows]
        scenarios[scenario] = min(promises, key=_rank_of)
    return PlatformCapabilities(host.platform, mode, tuple(types), scenarios)


def _rank_of(capability: Capability) -> int:
    return _ORDER.index(capability.level)


def _rows_of(
    table: Mapping[str, object], mode: str, types: Sequence[str]
) -> list[dict[str, object]]:
    """Return a row for each Android type, else the mode's; the weakest promise counts."""
    modes, by_type = table["modes"], table["androidTypes"]
    row = modes.get(mode) if is_object(modes) else None
    if not is_object(row) or not is_object(by_type):
        raise ConfigError(f"the capability table has no mode {mode!r}")
    rows: list[dict[str, object]] = []
    for kind in types:
        changes = by_type.get(kind)
        if not is_object(changes):
            raise ConfigError(f"Android has no foreground service type {kind!r}")
        rows.append({**row, **changes})
    return rows if rows and mode == "androidForegroundService" else [row]


def _read_capability(entry: object, facts: Sequence[str]) -> Capability:
    if not is_object(entry):
        raise TypeError(entry)
    for fact in facts:
        if fact in entry:
            return _read_capability(entry[fact], ())
    needs = entry.get("needs")
    return Capability(
        Guarantee(entry["level"]),
        str(entry["reason"]),
        tuple(str(need) for need in needs) if is_array(needs) else (),
    )


def _find_facts(mode: str) -> list[str]:
    """Return the keys of the weaker entries that apply here, strongest evidence first."""
    if mode not in {"systemdUser", "systemdSystem"}:
        return []
    from bgsvc._desktop.mode import lingers, unit_enabled, unit_name

    user = mode == "systemdUser"
    facts = [] if unit_enabled(unit_name(), user=user) else ["disabled"]
    return facts if not user or lingers() else [*facts, "otherwise"]


def _read_table() -> dict[str, object]:
    path = os.path.join(os.path.dirname(os.path.dirname(__file__)), "capabilities.json")
    with open(path, encoding="utf-8") as file:
        table = decode(file.read())
    if not is_object(table):
        raise TypeError(path)
    return table
