"""The property lists, read by Python's parser and held to what launchd.plist(5) knows."""

import json
import plistlib
from pathlib import Path
from typing import cast

import pytest

from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Scope, Service, Spec
from bgsvc_gen.targets import macos
from tests.native.macos.crate import read
from tests.native.macos.keys import wrong

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co"


def job(service: Service) -> dict[str, object]:
    spec = Spec(App("com.example.notes", "Notes"), (service,), allow=())
    (file,) = render(macos.plan(spec))
    found: dict[str, object] = plistlib.loads(file.content, fmt=plistlib.FMT_XML)
    return found


@pytest.mark.parametrize("scope", ["user", "system"])
@pytest.mark.parametrize("restart", ["failure", "always", "never"])
@pytest.mark.parametrize("start_on_boot", [True, False])
def test_a_job_has_only_keys_of_launchd_with_values_of_their_kind(
    scope: Scope, restart: RestartOn, *, start_on_boot: bool
) -> None:
    found = job(
        Service(
            "sync",
            "notes.sync:Sync",
            Label(HOSTILE),
            start_on_boot=start_on_boot,
            restart=Restart(restart, delay=0.25),
            stop_timeout=2.5,
            desktop=Desktop(
                scope,
                user="notes" if scope == "system" else None,
                working_directory="/srv/notes",
                environment={"NOTES": HOSTILE},
            ),
        )
    )

    assert wrong(found) == []


@pytest.mark.parametrize("label", [HOSTILE, "-50% off", "ends in \\", "]]> <!-- &amp;", "  x  "])
def test_an_argument_reads_back_as_it_was_written(label: str) -> None:
    found = job(Service("sync", "notes.sync:Sync", Label(label)))["ProgramArguments"]
    arguments = cast("list[str]", found)

    assert arguments[:6] == ["/usr/bin/env", "python3", "-m", "bgsvc", "run", "notes.sync:Sync"]
    assert arguments[6] == "--app=com.example.notes"
    assert json.loads(arguments[7].removeprefix("--config="))["label"] == label


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ({"KeepAlive": {"SuccesfulExit": False}}, ["KeepAlive.SuccesfulExit"]),
        ({"KeepAlive": {"SuccessfulExit": "no"}}, ["KeepAlive.SuccessfulExit"]),
        ({"ExitTimeOut": "15"}, ["ExitTimeOut is a str"]),
        ({"RunAtLoad": 1}, ["RunAtLoad is a int"]),
        ({"Environment": {}}, ["unknown key Environment"]),
        ({"EnvironmentVariables": {"A": 1}}, ["variable A"]),
        ({"ProcessType": "Daemon"}, ["no such ProcessType"]),
        ({"ProgramArguments": []}, ["nothing to start"]),
        ({"Label": ""}, ["no Label"]),
    ],
)
def test_the_table_of_keys_refuses(fault: dict[str, object], found: list[str]) -> None:
    right = job(Service("sync", "notes.sync:Sync", Label("Notes")))

    assert wrong(right) == []
    assert wrong({**right, **fault}) == found


def test_the_crate_launchd_reads_every_generated_property_list(launchd_crate: Path) -> None:
    cases = Path(__file__).parents[2] / "golden/cases"
    generated = sorted(cases.glob("*/macos/*/*.plist"))

    assert len(generated) > 10
    assert read(launchd_crate, generated) == ["ok"] * len(generated)


@pytest.mark.parametrize(
    "fault",
    [
        {"ExitTimeOut": "15"},
        {"RunAtLoad": 1},
        {"Environment": {}},
        {"EnvironmentVariables": {"A": 1}},
        {"ProcessType": "Daemon"},
        {"ProgramArguments": "python3"},
        {"KeepAlive": {"SuccessfulExit": "no"}},
    ],
)
def test_the_crate_launchd_refuses(
    launchd_crate: Path, tmp_path: Path, fault: dict[str, object]
) -> None:
    right = job(Service("sync", "notes.sync:Sync", Label("Notes")))
    path = tmp_path / "x.plist"
    path.write_bytes(plistlib.dumps({**right, **fault}))

    assert read(launchd_crate, [path]) != ["ok"]
