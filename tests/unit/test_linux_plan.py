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
def test_a_restart_policy_is_systemds(restart: RestartOn, expected: str) -> None:
    assert unit(replace(SYNC, restart=Restart(restart))).restart == expected


def test_the_limit_on_restarts_leaves_room_for_the_first_start() -> None:
    assert unit(replace(SYNC, restart=Restart(limit=5))).start_limit == 6


def test_a_service_that_is_never_restarted_has_no_limit_on_its_starts() -> None:
    assert not unit(replace(SYNC, restart=Restart("never"))).restarts


def test_systemd_kills_only_after_the_runtime_would_have() -> None:
    assert unit(replace(SYNC, stop_timeout=2.5)).stop_timeout == "7.5s"


def test_a_user_unit_starts_with_the_users_session_and_a_system_unit_with_the_machine() -> None:
    assert unit(SYNC).wanted_by == "default.target"
    assert unit(replace(SYNC, desktop=Desktop("system"))).wanted_by == "multi-user.target"


def test_a_unit_is_named_after_its_app_so_that_two_apps_may_both_sync() -> None:
    plan = linux.plan(Spec(App("com.example.notes", "Notes"), (SYNC,), allow=()))

    assert [str(output.path) for output in plan.outputs()] == ["com.example.notes.sync.service"]


def test_a_description_names_the_app_too() -> None:
    assert unit(SYNC).description == "Syncing notes (Notes)"


def test_a_span_has_no_exponent_and_no_needless_zeros() -> None:
    assert unit(replace(SYNC, restart=Restart(delay=0.05, window=3600.0))).restart_delay == "0.05s"
    assert unit(replace(SYNC, restart=Restart(delay=0.05, window=3600.0))).start_window == "3600s"


def test_a_service_without_a_watchdog_has_none() -> None:
    assert unit(SYNC).watchdog is None
    assert unit(replace(SYNC, desktop=Desktop(watchdog=30.0))).watchdog == "30s"


def test_a_label_that_looks_like_an_option_stays_a_label() -> None:
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


def test_a_service_on_a_timer_is_enabled_by_it_and_runs_however_it_ended_last() -> None:
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


def test_an_account_of_its_own_is_made_only_where_none_is_named() -> None:
    assert unit(replace(SYNC, desktop=Desktop("system"))).has_dynamic_user
    assert not unit(replace(SYNC, desktop=Desktop("system", user="notes"))).has_dynamic_user
    assert not unit(SYNC).has_dynamic_user
