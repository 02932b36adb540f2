"""What a reboot of Windows brings back, and what it leaves alone: one reboot for all of it."""

from collections.abc import Iterator

import pytest

from tests.native.windows.machine import (
    APP,
    ENVIRONMENT,
    TICK,
    Facts,
    Machine,
    definition,
    eventually,
    installed,
)

pytestmark = pytest.mark.native

HALTED, IDLE = f"{APP}.halted", f"{APP}.idle"


@pytest.fixture(scope="module")
def rebooted(booted: Machine) -> Iterator[tuple[Machine, Facts]]:
    """Reboot a machine with a service that runs, one its user stopped, and one not for the boot."""
    booted.forget()
    installed(booted, definition())
    installed(booted, definition(name="halted"))
    fresh = installed(booted, definition(name="idle", boot=False))
    assert fresh["enabled"] is False
    for label in (TICK, HALTED):
        booted.done("start", label)
    first = booted.facts
    kept = {"LOCALAPPDATA": first["environment"]["LOCALAPPDATA"]}
    words = ("stop", "--name", "halted", "--app", APP)
    stopped = booted.bgsvc_alone(*words, environment=kept)
    assert stopped.returncode == 0, stopped.stderr
    assert eventually(lambda: booted.done("status", HALTED)["state"] == "installed")

    booted.reboot()

    assert eventually(lambda: booted.done("status", TICK)["state"] == "running")
    yield booted, first
    booted.forget()


def test_p01_p09_a_reboot_brings_a_running_service_back_as_a_boot(
    rebooted: tuple[Machine, Facts],
) -> None:
    machine, first = rebooted

    assert (first["reason"], machine.facts["reason"]) == ("user", "boot")
    assert machine.facts["pid"] == machine.done("status", TICK)["pid"]


def test_p12_a_service_needs_no_display_no_terminal_and_no_user(
    rebooted: tuple[Machine, Facts],
) -> None:
    machine, _ = rebooted

    assert "DISPLAY" not in machine.facts["environment"]
    assert machine.facts["stdout"] == "RotatedFile"
    assert machine.facts["stdin"] == "NoneType"
    assert machine.facts["prefix"] == ENVIRONMENT


def test_a_service_that_is_not_for_the_boot_waits_to_be_started(
    rebooted: tuple[Machine, Facts],
) -> None:
    machine, _ = rebooted

    assert machine.done("status", IDLE)["state"] == "installed"
    assert machine.diary_of("idle") == []


def test_a_reboot_leaves_alone_what_its_user_stopped(rebooted: tuple[Machine, Facts]) -> None:
    machine, _ = rebooted

    assert eventually(lambda: machine.done("status", HALTED)["lastExit"] is not None)
    assert machine.diary_of("halted") == ["begun", "draining", "ended userStop"]
    assert machine.done("start", HALTED)["state"] == "running"
