"""`explain` and `types`: the guarantees for a spec, and the facts behind them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bgsvc_gen.cli import main
from bgsvc_gen.explain import explain
from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.facts.promise_table import promise_table
from bgsvc_gen.facts.promises import MODES, SCENARIOS, Promise, promises
from bgsvc_gen.spec.model import (
    Android,
    Continued,
    Desktop,
    Ios,
    Job,
    Label,
    Processing,
    Refresh,
    Restart,
    Service,
)

SPEC = """\
[app]
id = "com.example.notes"

[services.sync]
entry = "notes.sync:SyncService"
android = { types = ["dataSync"] }

[services.beat]
entry = "notes.beat:BeatService"
"""

SERVICE = Service("sync", "notes.sync:SyncService", Label("Sync"), start_on_boot=True)


def promises_of(service: Service, mode: str) -> dict[str, Promise]:
    return next(dict(each.scenarios) for each in explain(service) if each.mode == mode)


def run(folder: Path, *arguments: str) -> Result:
    (folder / "bgsvc.toml").write_text(SPEC, encoding="utf-8")
    return CliRunner().invoke(main, [*arguments, "--spec", str(folder / "bgsvc.toml")])


@pytest.mark.parametrize("mode", MODES)
def test_promises_are_in_the_order_of_the_scenarios(mode: str) -> None:
    by_scenario = promises(mode)

    assert list(by_scenario) == [name for name in SCENARIOS if name in by_scenario]


def test_service_is_explained_for_each_mode() -> None:
    everywhere = replace(
        SERVICE,
        android=Android(types=("location",)),
        ios=Ios(Refresh(), Processing(), Continued(), foreground=True),
    )

    assert [(each.target, each.mode) for each in explain(everywhere)] == [
        ("android", "androidForegroundService"),
        ("ios", "iosRefresh"),
        ("ios", "iosProcessing"),
        ("ios", "iosContinued"),
        ("ios", "iosFiniteTask"),
        ("linux", "systemdUser"),
        ("macos", "launchAgent"),
        ("windows", "windowsTask"),
    ]


def test_system_service_is_explained_in_its_modes() -> None:
    answers = explain(replace(SERVICE, desktop=Desktop(scope="system")))

    assert [each.mode for each in answers] == ["systemdSystem", "launchDaemon", "windowsService"]


@pytest.mark.parametrize(
    ("job", "mode"),
    [(Job(), "androidJob"), (Job(user_initiated=True), "androidUserInitiatedJob")],
)
def test_job_is_explained_in_its_mode(job: Job, mode: str) -> None:
    answers = explain(replace(SERVICE, android=Android(kind="job", job=job)))

    assert answers[0].mode == mode


def test_weakest_promise_of_several_types_counts() -> None:
    both = replace(SERVICE, android=Android(types=("location", "dataSync")))
    one = replace(SERVICE, android=Android(types=("location",)))

    assert promises_of(both, "androidForegroundService")["survivesReboot"].level == "unsupported"
    assert promises_of(one, "androidForegroundService")["survivesReboot"].level == "bestEffort"


def test_condition_of_the_device_counts_as_not_met() -> None:
    reboot = promises_of(SERVICE, "systemdUser")["survivesReboot"]

    assert reboot.level == "bestEffort"
    assert reboot.needs == ("loginctl enable-linger",)


@pytest.mark.parametrize(
    ("changed", "mode", "scenario", "way_out"),
    [
        ({"start_on_boot": False}, "systemdSystem", "survivesReboot", "start_on_boot = true"),
        (
            {"restart": Restart(on="never")},
            "systemdSystem",
            "survivesMemoryKill",
            'restart = { on = "failure" }',
        ),
        (
            {"android": Android(types=("location",), stop_with_task=True)},
            "androidForegroundService",
            "survivesAppClose",
            "stop_with_task = false",
        ),
        (
            {"android": Android(types=("location",), sticky=False)},
            "androidForegroundService",
            "survivesMemoryKill",
            "sticky = true",
        ),
    ],
)
def test_promise_that_the_spec_gives_up_is_unsupported(
    changed: "dict[str, object]", mode: str, scenario: str, way_out: str
) -> None:
    kept = replace(SERVICE, android=Android(types=("location",)), desktop=Desktop(scope="system"))
    given_up = replace(kept, **changed)  # type: ignore[arg-type]

    assert promises_of(kept, mode)[scenario].level != "unsupported"
    assert promises_of(given_up, mode)[scenario].level == "unsupported"
    assert promises_of(given_up, mode)[scenario].needs == (way_out,)


def test_explain_prints_every_promise_with_its_reason(tmp_path: Path) -> None:
    result = run(tmp_path, "explain", "sync")

    assert result.exit_code == 0
    assert "android, as androidForegroundService" in result.stdout
    assert "unsupported runs again after the device restarts" in result.stdout
    assert "beat" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_explain_prints_the_answers_as_json(tmp_path: Path) -> None:
    by_service = json.loads(run(tmp_path, "explain", "--json").stdout)

    assert list(by_service) == ["sync", "beat"]
    assert by_service["sync"][0]["scenarios"]["exactTiming"]["level"] == "unsupported"


def test_explain_lists_the_services_for_an_unknown_one(tmp_path: Path) -> None:
    result = run(tmp_path, "explain", "synk")

    assert result.exit_code == 2
    assert (
        result.stderr
        == 'error: the spec has no service "synk"\n  hint: choose one of: sync, beat\n'
    )


def test_types_lists_every_type() -> None:
    result = CliRunner().invoke(main, ["types"])

    assert [line.split()[0] for line in result.stdout.splitlines()] == list(SERVICE_TYPES)


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_types_prints_the_limits_and_sources_of_a_type(name: str) -> None:
    row = SERVICE_TYPES[name]
    text = " ".join(CliRunner().invoke(main, ["types", name]).stdout.split())

    assert ("time limit none" in text) is (row.time_limit is None)
    assert all(permission.name in text for permission in row.permissions)
    assert all(source in text for source in row.sources)


def test_types_as_json_has_every_row() -> None:
    rows = json.loads(CliRunner().invoke(main, ["types", "--json"]).stdout)

    assert [row["name"] for row in rows] == list(SERVICE_TYPES)


@pytest.mark.parametrize("name", ["fileManagement", "datasync"])
def test_unknown_type_is_refused_with_the_known_ones(name: str) -> None:
    result = CliRunner().invoke(main, ["types", name])

    assert result.exit_code == 2
    assert name in result.stderr
    assert "dataSync" in result.stderr


def test_documentation_has_the_promises(request: pytest.FixtureRequest) -> None:
    path = Path(__file__).parents[2] / "docs/runtime.md"
    text = path.read_text(encoding="utf-8")
    block = re.search(r"<!-- promises: .*-->\n((?s:.*?))<!-- /promises -->", text)

    assert block
    if request.config.getoption("--update-golden"):
        new = text[: block.start(1)] + promise_table() + text[block.end(1) :]
        path.write_text(new, encoding="utf-8")
    else:
        assert block[1] == promise_table()
