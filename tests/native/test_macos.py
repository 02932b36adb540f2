"""The property lists, read by Python's parser and held to what launchd.plist(5) knows."""

import json
import plistlib
from typing import cast

import pytest

from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Scope, Service, Spec
from bgsvc_gen.targets import macos

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co"

KEYS: dict[str, type | tuple[type, ...]] = {
    "EnvironmentVariables": dict,
    "ExitTimeOut": int,
    "KeepAlive": (bool, dict),
    "Label": str,
    "ProcessType": str,
    "ProgramArguments": list,
    "RunAtLoad": bool,
    "ThrottleInterval": int,
}
"""What launchd takes for the keys that are written; it ignores a wrong one without a word."""


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
            desktop=Desktop(scope),
        )
    )

    assert found.keys() <= KEYS.keys()
    assert [key for key, value in found.items() if not isinstance(value, KEYS[key])] == []


@pytest.mark.parametrize("label", [HOSTILE, "-50% off", "ends in \\", "]]> <!-- &amp;", "  x  "])
def test_an_argument_reads_back_as_it_was_written(label: str) -> None:
    found = job(Service("sync", "notes.sync:Sync", Label(label)))["ProgramArguments"]
    arguments = cast("list[str]", found)

    assert arguments[:6] == ["/usr/bin/env", "python3", "-m", "bgsvc", "run", "notes.sync:Sync"]
    assert arguments[6] == "--app=com.example.notes"
    assert json.loads(arguments[7].removeprefix("--config="))["label"] == label
