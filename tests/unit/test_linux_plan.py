import json
from dataclasses import replace

import pytest

from bgsvc_gen.facts.systemd import RELAXATIONS, sandbox
from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Service, Spec, Timer
from bgsvc_gen.targets import linux
from bgsvc_gen.targets.linux import Unit

SYNC = Service("sync", "notes.sync:Sync", Label("Syncing notes"))


def unit(service: Service) -> Unit:
    (only,) = linux.plan(Spec(App("com.example.notes", "Notes"), (service,), allow=())).units
    return only


@pytest.mark.parametrize(
    ("restart", "expected"), [("failure", "on-failure"), ("always", "always"), ("never", "no")]
)
def test_restart_policy_becomes_systemds(restart: RestartOn, expected: str) -> None:
    assert unit(replace(SYNC, restart=Restart(restart))).restart == expected


def test_start_limit_includes_the_first_start() -> None:
    assert unit(replace(SYNC, restart=Restart(limit=5))).start_limit == 6


def test_service_without_restarts_has_no_start_limit() -> None:
    assert not unit(replace(SYNC, restart=Restart("never"))).restarts


def test_systemd_stop_timeout_exceeds_the_runtimes() -> None:
    assert unit(replace(SYNC, stop_timeout=2.5)).stop_timeout == "7.5s"


def test_user_unit_starts_at_login_and_system_unit_at_boot() -> None:
    assert unit(SYNC).wanted_by == "default.target"
    assert unit(replace(SYNC, desktop=Desktop("system"))).wanted_by == "multi-user.target"


def test_unit_name_starts_with_the_app_id() -> None:
    plan = linux.plan(Spec(App("com.example.notes", "Notes"), (SYNC,), allow=()))

    assert [str(output.path) for output in plan.outputs()] == ["com.example.notes.sync.service"]


def test_description_includes_the_app_name() -> None:
    assert unit(SYNC).description == "Syncing notes (Notes)"


def test_time_span_has_no_exponent_and_no_trailing_zeros() -> None:
    assert unit(replace(SYNC, restart=Restart(delay=0.05, window=3600.0))).restart_delay == "0.05s"
    assert unit(replace(SYNC, restart=Restart(delay=0.05, window=3600.0))).start_window == "3600s"


def test_service_without_a_watchdog_has_none() -> None:
    assert unit(SYNC).watchdog is None
    assert unit(replace(SYNC, desktop=Desktop(watchdog=30.0))).watchdog == "30s"


def test_label_that_looks_like_an_option_stays_a_label() -> None:
    entry, app, config, boot = unit(Service("sync", "notes.sync:Sync", Label("--help"))).arguments

    assert (entry, app, boot) == ("notes.sync:Sync", "--app=com.example.notes", "--boot")
    assert json.loads(config.removeprefix("--config=")) == {
        "name": "sync",
        "entry": "notes.sync:Sync",
        "label": "--help",
        "stopTimeout": 10.0,
        "startOnBoot": False,
        "allow": [],
    }


def test_service_with_a_timer_is_enabled_by_it_and_runs_after_any_exit() -> None:
    service = replace(SYNC, desktop=Desktop(timer=Timer(every=900.0)))
    plan = linux.plan(Spec(App("com.example.notes", "Notes"), (service,), allow=()))

    assert [str(output.path) for output in plan.outputs()] == [
        *("com.example.notes.sync.service", "com.example.notes.sync.timer"),
    ]
    assert plan.timers[0].every == "900s"
    assert plan.units[0].wanted_by is None
    assert "--boot" not in plan.units[0].arguments


@pytest.mark.parametrize("name", RELAXATIONS)
def test_each_relaxation_changes_the_sandbox(name: str) -> None:
    whole = sandbox((), is_system=True)
    relaxed = sandbox((name,), is_system=True)

    assert set(relaxed) != set(whole)
    assert len(relaxed) <= len(whole)


def test_dynamic_user_is_used_only_without_an_account() -> None:
    assert unit(replace(SYNC, desktop=Desktop("system"))).has_dynamic_user
    assert not unit(replace(SYNC, desktop=Desktop("system", user="notes"))).has_dynamic_user
    assert not unit(SYNC).has_dynamic_user
