from dataclasses import replace

import pytest

from bgsvc_gen.spec.model import App, Desktop, Label, Restart, Scope, Service, Spec
from bgsvc_gen.targets import windows
from bgsvc_gen.targets.windows import Task, WindowsPlan, WrappedService

SYNC = Service("sync", "notes.sync:Sync", Label("Syncing notes"))
SYSTEM = Desktop("system")


def plan(service: Service) -> WindowsPlan:
    return windows.plan(Spec(App("com.example.notes", "Notes"), (service,), allow=()))


def task(each: Service = SYNC) -> Task:
    (only,) = plan(each).tasks
    return only


def service(each: Service = SYNC) -> WrappedService:
    (only,) = plan(replace(each, desktop=SYSTEM)).services
    return only


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("user", "com.example.notes.sync.task.xml"),
        ("system", "com.example.notes.sync.winsw.xml"),
    ],
)
def test_user_scope_is_a_task_and_system_scope_a_service(scope: Scope, path: str) -> None:
    outputs = plan(replace(SYNC, desktop=Desktop(scope))).outputs()

    assert [str(output.path) for output in outputs] == [path]


def test_task_lies_in_the_folder_of_its_app() -> None:
    assert task().uri == r"\com.example.notes\sync"


@pytest.mark.parametrize(("delay", "expected"), [(0.25, 60), (90.5, 91), (60 * 86400.0, 2678400)])
def test_task_delay_is_within_the_schedulers_bounds(delay: float, expected: int) -> None:
    assert task(replace(SYNC, restart=Restart(delay=delay))).restart_delay == expected


def test_task_restart_count_fits_in_a_byte() -> None:
    assert task(replace(SYNC, restart=Restart(limit=1000))).restart_limit == 255


def test_service_backs_off_then_stops_restarting() -> None:
    delays = service(
        replace(SYNC, restart=Restart(delay=0.25, max_delay=2.0, limit=5))
    ).restart_delays

    assert delays == ("250 ms", "500 ms", "1 sec", "2 sec", "2 sec")


def test_huge_restart_limit_is_cut() -> None:
    assert len(service(replace(SYNC, restart=Restart(limit=10**9))).restart_delays) == 100


def test_service_without_restarts_has_no_delays() -> None:
    assert service(replace(SYNC, restart=Restart("never"))).restart_delays == ()


@pytest.mark.parametrize(("boot", "mode"), [(True, "Automatic"), (False, "Manual")])
def test_service_starts_automatically_only_with_start_on_boot(mode: str, *, boot: bool) -> None:
    assert service(replace(SYNC, start_on_boot=boot)).start_mode == mode
    assert task(replace(SYNC, start_on_boot=boot)).start_at_logon is boot


def test_winsw_stop_timeout_exceeds_the_runtimes() -> None:
    assert service(replace(SYNC, stop_timeout=2.5)).stop_timeout == "7500 ms"
