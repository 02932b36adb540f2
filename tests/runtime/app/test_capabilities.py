import json
from pathlib import Path

import pytest

import bgsvc
from bgsvc import Guarantee, ServiceConfig
from bgsvc._app.capabilities import capabilities_of
from bgsvc._desktop import mode
from bgsvc._model.errors import ConfigError
from bgsvc.testing import FakeHost

TABLE = json.loads((Path(bgsvc.__file__).parent / "capabilities.json").read_text())
FOUR = {"survivesAppClose", "survivesReboot", "survivesForceQuit", "backgroundExecution"}


def entries() -> "list[tuple[str, dict[str, object]]]":
    rows = [*TABLE["modes"].items(), *TABLE["androidTypes"].items()]
    return [(f"{mode} {name}", entry) for mode, row in rows for name, entry in row.items()]


@pytest.mark.parametrize(("where", "entry"), entries())
def test_promise_has_a_level_a_reason_and_needs(where: str, entry: "dict[str, object]") -> None:
    assert where.split()[1] in TABLE["scenarios"]
    assert entry["level"] in [*Guarantee]
    assert entry["reason"]
    assert isinstance(entry["needs"], list)


@pytest.mark.parametrize("mode", TABLE["modes"])
def test_mode_has_the_four_scenarios(mode: str) -> None:
    assert TABLE["modes"][mode].keys() >= FOUR


def test_weakest_of_several_types_counts(host: FakeHost) -> None:
    capabilities = capabilities_of(host, ["location", "dataSync"])

    assert capabilities.survives_reboot.level is Guarantee.UNSUPPORTED
    assert capabilities.background_execution.level is Guarantee.GUARANTEED


@pytest.mark.parametrize("kind", TABLE["androidTypes"])
def test_type_may_start_at_boot_where_android_allows_it(host: FakeHost, kind: str) -> None:
    allowed = {
        "location",
        "connectedDevice",
        "health",
        "remoteMessaging",
        "systemExempted",
        "specialUse",
    }
    level = capabilities_of(host, [kind]).survives_reboot.level
    assert level is (Guarantee.BEST_EFFORT if kind in allowed else Guarantee.UNSUPPORTED)


def test_capabilities_are_for_the_declared_types(host: FakeHost) -> None:
    config = ServiceConfig(
        name="sync",
        entry="tests.runtime.services:SyncService",
        foreground_service_types=("shortService",),
    )
    host.runtime.adopt(config)
    capabilities = bgsvc.get_platform_capabilities()

    assert capabilities.types == ("shortService",)
    assert capabilities["survivesMemoryKill"].level is Guarantee.UNSUPPORTED


def test_unknown_scenario_is_unsupported(host: FakeHost) -> None:
    assert capabilities_of(host)["survivesLogout"].level is Guarantee.UNSUPPORTED


def test_unknown_type_is_an_error(host: FakeHost) -> None:
    with pytest.raises(ConfigError):
        capabilities_of(host, ["telepathy"])


@pytest.mark.parametrize(
    ("enabled", "lingering", "level"),
    [
        (True, True, Guarantee.GUARANTEED),
        (True, False, Guarantee.BEST_EFFORT),
        (False, True, Guarantee.UNSUPPORTED),
        (False, False, Guarantee.UNSUPPORTED),
    ],
)
def test_user_service_survives_a_reboot_if_enabled_and_lingering(
    monkeypatch: pytest.MonkeyPatch, level: Guarantee, *, enabled: bool, lingering: bool
) -> None:
    def unit_enabled(_: str | None, *, user: bool) -> bool:
        return enabled and user

    monkeypatch.setattr(mode, "unit_enabled", unit_enabled)
    monkeypatch.setattr(mode, "lingers", lambda: lingering)
    with FakeHost(platform="linux", mode="systemdUser") as host:
        assert capabilities_of(host).survives_reboot.level is level
