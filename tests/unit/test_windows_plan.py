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
def test_a_user_has_a_task_and_the_system_a_service(scope: Scope, path: str) -> None:
    outputs = plan(replace(SYNC, desktop=Desktop(scope))).outputs()

    assert [str(output.path) for output in outputs] == [path]


def test_a_task_lies_in_its_apps_folder() -> None:
    assert task().uri == r"\com.example.notes\sync"


@pytest.mark.parametrize(("delay", "expected"), [(0.25, 60), (90.5, 91), (60 * 86400.0, 2678400)])
def test_a_tasks_delay_is_in_the_schedulers_bounds(delay: float, expected: int) -> None:
    assert task(replace(SYNC, restart=Restart(delay=delay))).restart_delay == expected


def test_a_tasks_restarts_fit_in_a_byte() -> None:
    assert task(replace(SYNC, restart=Restart(limit=1000))).restart_limit == 255


def test_a_service_backs_off_and_then_gives_up() -> None:
    delays = service(
        replace(SYNC, restart=Restart(delay=0.25, max_delay=2.0, limit=5))
    ).restart_delays

    assert delays == ("250 ms", "500 ms", "1 sec", "2 sec", "2 sec")


def test_a_huge_limit_neither_overflows_nor_fills_the_file() -> None:
    assert len(service(replace(SYNC, restart=Restart(limit=10**9))).restart_delays) == 100


def test_a_service_that_is_never_restarted_has_no_delays() -> None:
    assert service(replace(SYNC, restart=Restart("never"))).restart_delays == ()


@pytest.mark.parametrize(("boot", "mode"), [(True, "Automatic"), (False, "Manual")])
def test_a_service_starts_by_itself_only_when_asked_to(mode: str, *, boot: bool) -> None:
    assert service(replace(SYNC, start_on_boot=boot)).start_mode == mode
    assert task(replace(SYNC, start_on_boot=boot)).start_at_logon is boot


def test_winsw_kills_only_after_the_runtime_would_have() -> None:
    assert service(replace(SYNC, stop_timeout=2.5)).stop_timeout == "7500 ms"
