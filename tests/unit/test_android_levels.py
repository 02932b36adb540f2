"""Rules that depend on the API levels of an app."""

from pathlib import Path

import pytest

from bgsvc_gen.errors import SpecError
from bgsvc_gen.facts.android import NEWEST, SERVICE_TYPES
from bgsvc_gen.spec.load import build_spec, spec_warnings
from bgsvc_gen.spec.model import AndroidLevels
from bgsvc_gen.spec.source import parse_source

SPEC = """
[app]
id = "com.example.notes"
{levels}
[services.sync]
entry = "notes.sync:Sync"
start_on_boot = {boot}
[services.sync.android]
types = ["{name}"]
{more}
"""


def codes(name: str, target: int | None, *, boot: bool = False, more: str = "") -> list[str]:
    levels = "" if target is None else f"[android]\ntarget_sdk = {target}"
    if name == "specialUse":
        more += '\nspecial_use = "why"'
    text = SPEC.format(levels=levels, boot=str(boot).lower(), name=name, more=more)
    try:
        build_spec(parse_source(Path("bgsvc.toml"), text))
    except SpecError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


@pytest.mark.parametrize("name", SERVICE_TYPES)
@pytest.mark.parametrize("target", range(34, NEWEST + 1))
def test_type_is_accepted_from_its_first_api_level(name: str, target: int) -> None:
    assert codes(name, target) == (["BG317"] if SERVICE_TYPES[name].since > target else [])


@pytest.mark.parametrize(
    ("name", "first"),
    [
        *((name, 35) for name in ("dataSync", "mediaPlayback", "phoneCall", "mediaProjection")),
        *(("shortService", 35), ("mediaProcessing", 35), ("camera", 34), ("microphone", 34)),
    ],
)
def test_type_is_refused_at_boot_from_the_target_that_android_refuses(
    name: str, first: int
) -> None:
    refused = [t for t in range(34, NEWEST + 1) if "BG305" in codes(name, t, boot=True)]

    assert refused == list(range(first, NEWEST + 1))


def test_daily_time_limit_applies_from_target_35() -> None:
    assert codes("dataSync", 34, more="sticky = true") == []
    assert codes("dataSync", 35, more="sticky = true") == ["BG308"]


def test_short_service_limit_applies_at_every_target() -> None:
    assert codes("shortService", 34, more="sticky = true") == ["BG308"]


def test_default_levels_are_those_of_the_guide() -> None:
    levels = AndroidLevels()
    guide = Path(__file__).parents[2].joinpath("docs/android-hosts.md").read_text(encoding="utf-8")

    assert f"minSdk = {levels.min_sdk}\n" in guide
    assert f"targetSdk = {levels.target_sdk}\n" in guide
    assert codes("dataSync", None, boot=True) == codes("dataSync", levels.target_sdk, boot=True)


@pytest.mark.parametrize("target", range(34, NEWEST + 1))
def test_rule_of_a_newer_target_is_a_warning_before_it(target: int) -> None:
    levels, more = f"[android]\ntarget_sdk = {target}", "sticky = true"
    text = SPEC.format(levels=levels, boot="false", name="dataSync", more=more)
    source = parse_source(Path("bgsvc.toml"), text)
    reported = codes("dataSync", target, more=more)
    if not reported:
        spec = build_spec(source)
        reported = [warning.code for warning in spec_warnings(spec, source, ["android"])]
        assert spec_warnings(spec, source, ["ios", "linux"]) == ()

    assert reported == (["BG318"] if target < 35 else ["BG308"])
