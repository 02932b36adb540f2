from dataclasses import replace

import pytest

from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Service, Spec
from bgsvc_gen.targets import macos
from bgsvc_gen.targets.macos import Job

SYNC = Service("sync", "notes.sync:Sync", Label("Syncing notes"))


def job(service: Service) -> Job:
    (only,) = macos.plan(Spec(App("com.example.notes", "Notes"), (service,), allow=())).jobs
    return only


@pytest.mark.parametrize(
    ("restart", "kept", "again"),
    [("failure", True, False), ("always", True, True), ("never", False, False)],
)
def test_launchd_restarts_a_job_that_starts_at_login(
    restart: RestartOn, *, kept: bool, again: bool
) -> None:
    sync_job = job(replace(SYNC, start_on_boot=True, restart=Restart(restart)))

    assert sync_job.run_at_load
    assert (sync_job.keeps_alive, "--again" in sync_job.arguments) == (kept, again)


@pytest.mark.parametrize("restart", ["failure", "always", "never"])
def test_job_without_start_at_login_is_not_kept_alive(restart: RestartOn) -> None:
    sync_job = job(replace(SYNC, start_on_boot=False, restart=Restart(restart)))

    assert (sync_job.run_at_load, sync_job.keeps_alive, sync_job.throttle) == (False, False, None)


@pytest.mark.parametrize(("delay", "throttle"), [(0.25, 10), (10.0, 10), (30.5, 31)])
def test_throttle_interval_is_at_least_launchds_default(delay: float, throttle: int) -> None:
    assert job(replace(SYNC, start_on_boot=True, restart=Restart(delay=delay))).throttle == throttle


def test_launchd_exit_timeout_exceeds_the_runtimes() -> None:
    assert job(replace(SYNC, stop_timeout=2.5)).exit_timeout == 8


@pytest.mark.parametrize(
    ("desktop", "path"),
    [
        (Desktop("user"), "LaunchAgents/com.example.notes.sync.plist"),
        (Desktop("system"), "LaunchDaemons/com.example.notes.sync.plist"),
    ],
)
def test_user_scope_is_an_agent_and_system_scope_a_daemon(desktop: Desktop, path: str) -> None:
    plan = macos.plan(
        Spec(App("com.example.notes", "Notes"), (replace(SYNC, desktop=desktop),), allow=())
    )

    assert [str(output.path) for output in plan.outputs()] == [path]
