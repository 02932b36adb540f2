"""What the platform promises in the mode that is really in force."""

from __future__ import annotations

import json
import os

from bgsvc._errors import ConfigError
from bgsvc._host_words import Guarantee
from bgsvc._kinds import is_array, is_object
from bgsvc._mode import lingers, unit_enabled, unit_name
from bgsvc._record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bgsvc._host import Host

_ORDER = (Guarantee.UNSUPPORTED, Guarantee.BEST_EFFORT, Guarantee.GUARANTEED)


@record(frozen=True)
class Capability:
    """How far one promise goes.

    Attributes:
        level: The promise.
        reason: Why it is no more, or no less.
        needs: What has to be in place for it.
    """

    level: Guarantee
    reason: str
    needs: tuple[str, ...] = ()


@record(frozen=True)
class PlatformCapabilities:
    """What becomes of a service here.

    Attributes:
        platform: `android`, `ios`, `linux`, `macos` or `windows`.
        mode: What runs the service, such as `systemdUser`.
        types: The Android types the answer is for.
        scenarios: Each scenario of the table and its promise.
    """

    platform: str
    mode: str
    types: tuple[str, ...]
    scenarios: Mapping[str, Capability]

    def __getitem__(self, scenario: str) -> Capability:
        """Return one promise; a scenario the platform does not know is unsupported."""
        none = Capability(Guarantee.UNSUPPORTED, f"{self.platform} has no such thing")
        return self.scenarios.get(scenario, none)

    @property
    def survives_app_close(self) -> Capability:
        """Whether it goes on when the user closes the app."""
        return self["survivesAppClose"]

    @property
    def survives_reboot(self) -> Capability:
        """Whether it runs again after the device restarts."""
        return self["survivesReboot"]

    @property
    def survives_force_quit(self) -> Capability:
        """Whether it runs again after the user forces it to end."""
        return self["survivesForceQuit"]

    @property
    def background_execution(self) -> Capability:
        """Whether it runs while the app is not in front."""
        return self["backgroundExecution"]

    def to_wire(self) -> dict[str, object]:
        """Return the capabilities as the bridge carries them."""
        return {
            "platform": self.platform,
            "mode": self.mode,
            "types": list(self.types),
            "scenarios": {
                name: {"level": one.level.value, "reason": one.reason, "needs": list(one.needs)}
                for name, one in self.scenarios.items()
            },
        }


def capabilities_of(
    host: Host, types: Sequence[str] = (), mode: str | None = None
) -> PlatformCapabilities:
    """Return what the table promises for `mode`, else the host's, corrected by what is seen here.

    Raises:
        ConfigError: If the table has no such mode or Android type.
    """
    table = _table()
    mode = mode or host.mode
    rows = _rows(table, mode, types)
    facts = _facts(mode)
    scenarios: dict[str, Capability] = {}
    for scenario in rows[0]:
        found = [_capability(row[scenario], facts) for row in rows]
        scenarios[scenario] = min(found, key=_rank)
    return PlatformCapabilities(host.platform, mode, tuple(types), scenarios)


def _rank(capability: Capability) -> int:
    return _ORDER.index(capability.level)


def _rows(table: Mapping[str, object], mode: str, types: Sequence[str]) -> list[dict[str, object]]:
    """Return one row for each Android type, or the mode's own; the weakest promise counts."""
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


def _capability(entry: object, facts: Sequence[str]) -> Capability:
    if not is_object(entry):
        raise TypeError(entry)
    for fact in facts:
        if fact in entry:
            return _capability(entry[fact], ())
    needs = entry.get("needs")
    return Capability(
        Guarantee(entry["level"]),
        str(entry["reason"]),
        tuple(str(need) for need in needs) if is_array(needs) else (),
    )


def _facts(mode: str) -> list[str]:
    """Return which weaker entries of the table hold here, strongest evidence first."""
    if mode not in {"systemdUser", "systemdSystem"}:
        return []
    user = mode == "systemdUser"
    facts = [] if unit_enabled(unit_name(), user=user) else ["disabled"]
    return facts if not user or lingers() else [*facts, "otherwise"]


def _table() -> dict[str, object]:
    path = os.path.join(os.path.dirname(__file__), "capabilities.json")
    with open(path, encoding="utf-8") as file:
        table: object = json.load(file)
    if not is_object(table):
        raise TypeError(path)
    return table
