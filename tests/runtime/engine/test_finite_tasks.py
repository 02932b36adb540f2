import asyncio

import pytest

import bgsvc
from bgsvc import AppState
from bgsvc._model.errors import TaskIdMissingError, TaskNotFoundError
from bgsvc.testing import FakeHost


def test_a_task_lasts_as_long_as_its_with(host: FakeHost) -> None:
    with bgsvc.finite_task("upload") as task:
        assert host.finite_tasks == {task.id: "upload"}
        assert task.remaining() is None
    assert host.finite_tasks == {}


def test_time_runs_once_the_app_has_left(host: FakeHost) -> None:
    with bgsvc.finite_task("upload") as task:
        host.background(remaining=30.0)
        host.advance(10)
        assert task.remaining() == 20
        host.foreground()
        assert task.remaining() is None


def test_a_task_that_is_not_finished_is_told_ended_and_counted(host: FakeHost) -> None:
    told: list[str] = []
    with bgsvc.finite_task("upload") as task:
        task.on_expire(lambda: told.append("first"))
        task.on_expire(lambda: told.append("second"))
        host.background()
        host.expire_finite_tasks()
        assert told == ["first", "second"]
        assert task.expired
        assert host.finite_tasks == {}
    expired = host.events("finite_task_expired")
    assert [event.data["count"] for event in expired] == [1]
    assert expired[0].data["name"] == "upload"


def test_a_callback_for_an_expiry_that_has_been_is_called_at_once(host: FakeHost) -> None:
    told: list[str] = []
    task = bgsvc.finite_task("upload")
    host.expire_finite_tasks()
    task.on_expire(lambda: told.append("late"))

    assert told == ["late"]


def test_a_callback_that_blocks_does_not_keep_the_platform_waiting(host: FakeHost) -> None:
    never = host.clock.new_event()
    task = bgsvc.finite_task("upload")
    task.on_expire(never.wait)
    host.background(remaining=3.0)
    host.expire_finite_tasks()
    assert host.finite_tasks
    host.advance(3)

    assert not host.finite_tasks
    never.set()


def test_time_that_runs_is_not_given_anew_to_the_next_task(host: FakeHost) -> None:
    host.background(remaining=30.0)
    with bgsvc.finite_task("first"):
        host.advance(5)

    with bgsvc.finite_task("second") as task:
        assert task.remaining() == 25


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_late_callback_that_raises_hurts_nobody(host: FakeHost, error: BaseException) -> None:
    def broken() -> None:
        raise error

    task = bgsvc.finite_task("upload")
    host.expire_finite_tasks()

    task.on_expire(broken)
    assert task.expired


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3)])
def test_a_callback_that_raises_does_not_keep_the_others_from_being_told(
    host: FakeHost, error: BaseException
) -> None:
    told: list[str] = []

    def broken() -> None:
        raise error

    task = bgsvc.finite_task("upload")
    task.on_expire(broken)
    task.on_expire(lambda: told.append("told"))
    host.expire_finite_tasks()

    assert told == ["told"]
    assert not host.finite_tasks


def test_before_exit_calls_back_with_the_id_that_finish_takes(host: FakeHost) -> None:
    seen: list[str] = []

    def save(task_id: str) -> None:
        seen.append(task_id)
        bgsvc.finish(task_id)

    task_id = bgsvc.before_exit(save)
    host.clock.settle()

    assert seen == [task_id]
    assert not host.finite_tasks


def test_before_exit_takes_an_async_callback(host: FakeHost) -> None:
    async def save(task_id: str) -> None:
        await asyncio.sleep(5)
        bgsvc.finish(task_id)

    bgsvc.before_exit(save)
    host.clock.settle()
    assert host.finite_tasks
    host.advance(5)
    assert not host.finite_tasks


def test_work_that_returns_without_finish_stays_open_until_it_expires(host: FakeHost) -> None:
    bgsvc.before_exit(lambda _: None)
    host.clock.settle()
    assert host.finite_tasks
    host.expire_finite_tasks()

    assert host.runtime.finite_tasks.expired_count == 1


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), asyncio.CancelledError()])
def test_work_that_raises_is_ended(host: FakeHost, error: BaseException) -> None:
    def broken(_: str) -> None:
        raise error

    bgsvc.before_exit(broken)
    host.clock.settle()

    assert not host.finite_tasks


@pytest.mark.usefixtures("host")
def test_finish_without_an_id_says_so() -> None:
    with pytest.raises(TaskIdMissingError):
        bgsvc.finish("")


@pytest.mark.usefixtures("host")
def test_finish_twice_says_that_there_is_no_such_task() -> None:
    task = bgsvc.finite_task("upload")
    bgsvc.finish(task.id)

    with pytest.raises(TaskNotFoundError):
        bgsvc.finish(task.id)


def test_the_end_of_a_desktop_process_waits_for_open_tasks_but_not_for_ever(
    host: FakeHost,
) -> None:
    told: list[str] = []
    task = bgsvc.finite_task("upload")
    task.on_expire(lambda: told.append("told"))
    before = host.clock.uptime()
    host.runtime.finite_tasks.wait_all(5.0)

    assert host.clock.uptime() - before == 5
    assert told == ["told"]
    assert not host.finite_tasks


def test_the_end_of_a_desktop_process_waits_no_longer_than_needed(host: FakeHost) -> None:
    def save(task_id: str) -> None:
        host.clock.new_event().wait(2)
        bgsvc.finish(task_id)

    bgsvc.before_exit(save)
    before = host.clock.uptime()
    host.runtime.finite_tasks.wait_all(5.0)

    assert host.clock.uptime() - before == 2
    assert host.runtime.finite_tasks.expired_count == 0


def test_the_app_state_is_told_to_those_who_ask(host: FakeHost) -> None:
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


def test_an_app_state_callback_may_be_async(host: FakeHost) -> None:
    seen: list[AppState] = []

    async def moved(state: AppState) -> None:
        await asyncio.sleep(0)
        seen.append(state)

    bgsvc.on_app_state_change(moved)
    host.background()
    host.foreground()

    assert seen == [AppState.BACKGROUND, AppState.ACTIVE]
