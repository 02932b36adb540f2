import asyncio

import pytest

import bgsvc
from bgsvc import AppState
from bgsvc._model.errors import TaskIdMissingError, TaskNotFoundError
from bgsvc.testing import FakeHost


def test_finite_task_lasts_as_long_as_its_with(host: FakeHost) -> None:
    with bgsvc.finite_task("upload") as task:
        assert host.finite_tasks == {task.id: "upload"}
        assert task.remaining() is None
    assert host.finite_tasks == {}


def test_finite_task_has_a_limit_once_the_app_is_in_the_background(host: FakeHost) -> None:
    with bgsvc.finite_task("upload") as task:
        host.background(remaining=30.0)
        host.advance(10)
        assert task.remaining() == 20
        host.foreground()
        assert task.remaining() is None


def test_unfinished_task_expires_ends_and_is_counted(host: FakeHost) -> None:
    names: list[str] = []
    with bgsvc.finite_task("upload") as task:
        task.on_expire(lambda: names.append("first"))
        task.on_expire(lambda: names.append("second"))
        host.background()
        host.expire_finite_tasks()
        assert names == ["first", "second"]
        assert task.expired
        assert host.finite_tasks == {}
    expired = host.events("finite_task_expired")
    assert [event.data["count"] for event in expired] == [1]
    assert expired[0].data["name"] == "upload"


def test_expiry_callback_of_an_expired_task_is_called_at_once(host: FakeHost) -> None:
    names: list[str] = []
    task = bgsvc.finite_task("upload")
    host.expire_finite_tasks()
    task.on_expire(lambda: names.append("late"))

    assert names == ["late"]


def test_expiry_callback_that_blocks_does_not_delay_the_end(host: FakeHost) -> None:
    never = host.clock.new_event()
    task = bgsvc.finite_task("upload")
    task.on_expire(never.wait)
    host.background(remaining=3.0)
    host.expire_finite_tasks()
    assert host.finite_tasks
    host.advance(3)

    assert not host.finite_tasks
    never.set()


def test_next_task_gets_the_remaining_time(host: FakeHost) -> None:
    host.background(remaining=30.0)
    with bgsvc.finite_task("first"):
        host.advance(5)

    with bgsvc.finite_task("second") as task:
        assert task.remaining() == 25


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_late_expiry_callback_that_raises_affects_nothing_else(
    host: FakeHost, error: BaseException
) -> None:
    def broken() -> None:
        raise error

    task = bgsvc.finite_task("upload")
    host.expire_finite_tasks()

    task.on_expire(broken)
    assert task.expired


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3)])
def test_expiry_callback_that_raises_does_not_skip_the_others(
    host: FakeHost, error: BaseException
) -> None:
    expired: list[str] = []

    def broken() -> None:
        raise error

    task = bgsvc.finite_task("upload")
    task.on_expire(broken)
    task.on_expire(lambda: expired.append("told"))
    host.expire_finite_tasks()

    assert expired == ["told"]
    assert not host.finite_tasks


def test_before_exit_passes_the_id_that_finish_takes(host: FakeHost) -> None:
    seen: list[str] = []

    def save(task_id: str) -> None:
        seen.append(task_id)
        bgsvc.finish(task_id)

    task_id = bgsvc.before_exit(save)
    host.clock.settle()

    assert seen == [task_id]
    assert not host.finite_tasks


def test_before_exit_accepts_an_async_callback(host: FakeHost) -> None:
    async def save(task_id: str) -> None:
        await asyncio.sleep(5)
        bgsvc.finish(task_id)

    bgsvc.before_exit(save)
    host.clock.settle()
    assert host.finite_tasks
    host.advance(5)
    assert not host.finite_tasks


def test_task_without_finish_stays_open_until_it_expires(host: FakeHost) -> None:
    bgsvc.before_exit(lambda _: None)
    host.clock.settle()
    assert host.finite_tasks
    host.expire_finite_tasks()

    assert host.runtime.finite_tasks.expired_count == 1


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), asyncio.CancelledError()])
def test_task_whose_callback_raises_ends(host: FakeHost, error: BaseException) -> None:
    def broken(_: str) -> None:
        raise error

    bgsvc.before_exit(broken)
    host.clock.settle()

    assert not host.finite_tasks


@pytest.mark.usefixtures("host")
def test_finish_without_an_id_is_an_error() -> None:
    with pytest.raises(TaskIdMissingError):
        bgsvc.finish("")


@pytest.mark.usefixtures("host")
def test_finish_twice_is_an_error() -> None:
    task = bgsvc.finite_task("upload")
    bgsvc.finish(task.id)

    with pytest.raises(TaskNotFoundError):
        bgsvc.finish(task.id)


def test_desktop_process_waits_for_open_tasks_within_a_limit_at_its_end(
    host: FakeHost,
) -> None:
    expired: list[str] = []
    task = bgsvc.finite_task("upload")
    task.on_expire(lambda: expired.append("told"))
    before = host.clock.uptime()
    host.runtime.finite_tasks.wait_all(5.0)

    assert host.clock.uptime() - before == 5
    assert expired == ["told"]
    assert not host.finite_tasks


def test_desktop_process_waits_no_longer_than_its_tasks_take(host: FakeHost) -> None:
    def save(task_id: str) -> None:
        host.clock.new_event().wait(2)
        bgsvc.finish(task_id)

    bgsvc.before_exit(save)
    before = host.clock.uptime()
    host.runtime.finite_tasks.wait_all(5.0)

    assert host.clock.uptime() - before == 2
    assert host.runtime.finite_tasks.expired_count == 0


def test_app_state_callback_gets_each_change(host: FakeHost) -> None:
    seen: list[AppState] = []

    def broken(_: AppState) -> None:
        raise ValueError("x")

    bgsvc.on_app_state_change(broken)
    forget = bgsvc.on_app_state_change(seen.append)
    host.background()
    host.foreground()
    forget()
    forget()
    bgsvc.report_app_state(AppState.BACKGROUND)

    assert host.runtime.ports.bus.drain_calls(20)
    assert seen == [AppState.BACKGROUND, AppState.ACTIVE]


def test_app_state_callback_may_be_async(host: FakeHost) -> None:
    seen: list[AppState] = []

    async def moved(state: AppState) -> None:
        await asyncio.sleep(0)
        seen.append(state)

    bgsvc.on_app_state_change(moved)
    host.background()
    host.foreground()

    assert seen == [AppState.BACKGROUND, AppState.ACTIVE]
