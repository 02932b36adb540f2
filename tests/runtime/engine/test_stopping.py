"""A stop reaches the service whatever its callbacks, its threads and the system do."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bgsvc
from bgsvc import (
    BackgroundService,
    RestartOn,
    RestartPolicy,
    ServiceConfig,
    ServiceContext,
    ServiceState,
    StartReason,
    StopReason,
)
from bgsvc._app.current import desktop_runtime, forget, use
from bgsvc._desktop.host import LocalHost
from bgsvc._engine.lifecycle import Lifecycle
from bgsvc._engine.runtime import Runtime
from bgsvc._engine.supervisor import Supervisor
from bgsvc._lite.dataclasses import replace
from bgsvc._model.errors import AlreadyRunningError, StillStoppingError
from bgsvc._model.snapshot import ServiceSnapshot
from bgsvc._ports.clock import SystemClock
from bgsvc._storage.state_cache import StateCache
from bgsvc._storage.state_file import StateFile
from bgsvc.testing import FakeHost
from tests.runtime.processes import ended

PATIENCE = 20.0  # real seconds, far beyond what anything here takes


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Runtime]:
    runtime = desktop_runtime(LocalHost(), data_dir=str(tmp_path))
    use(runtime)
    yield runtime
    forget(runtime)


class Heard:
    """Remembers events by service, and waits for them without sleeping."""

    def __init__(self, runtime: Runtime) -> None:
        self.events: list[tuple[str, str]] = []
        self.changed = threading.Condition()
        runtime.ports.bus.tap(self._hear)

    def _hear(self, event: bgsvc.Event) -> None:
        with self.changed:
            self.events.append((event.service, event.event))
            self.changed.notify_all()

    def wait_for(self, service: str, event: str) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: (service, event) in self.events, PATIENCE)


def adopted(
    runtime: Runtime, name: str, factory: Callable[[], BackgroundService], stop_timeout: float = 10
) -> Supervisor:
    config = ServiceConfig(name=name, entry="x:y", stop_timeout=stop_timeout)
    return runtime.adopt(config, factory)


def test_a_callback_of_the_token_that_blocks_delays_neither_its_stop_nor_other_services(
    real: Runtime,
) -> None:
    let_go = threading.Event()
    threads: list[threading.Thread] = []

    class Blocking(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: threads.append(threading.current_thread()))
            ctx.shutdown.on_set(lambda: let_go.wait(PATIENCE))

        def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            let_go.wait(PATIENCE)

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            let_go.wait(PATIENCE)

    heard = Heard(real)
    blocking = adopted(real, "blocking", Blocking, stop_timeout=0.1)
    deaf = adopted(real, "deaf", Deaf, stop_timeout=0.1)
    try:
        deaf.start(StartReason.APP)
        blocking.start(StartReason.APP)
        assert heard.wait_for("blocking", "stop_overdue")
        assert blocking.status().overdue
        deaf.stop(StopReason.APP_STOP)
        assert heard.wait_for("deaf", "stop_overdue")
        assert not let_go.is_set()
    finally:
        let_go.set()
    assert blocking.wait_stopped(PATIENCE)
    assert deaf.wait_stopped(PATIENCE)
    assert threads[0].name == "bgsvc-token"


def test_a_callback_of_the_token_that_blocks_does_not_hold_up_whoever_asks_for_the_stop(
    real: Runtime,
) -> None:
    let_go = threading.Event()

    class Blocking(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: let_go.wait(PATIENCE))
            ctx.shutdown.wait()

    heard = Heard(real)
    supervisor = adopted(real, "blocking", Blocking)
    supervisor.start(StartReason.APP)
    assert heard.wait_for("blocking", "started")
    supervisor.stop(StopReason.APP_STOP)
    assert supervisor.wait_stopped(PATIENCE)
    assert not let_go.is_set()
    let_go.set()


@pytest.mark.parametrize("raised", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_callback_of_the_token_that_raises_hurts_nobody(
    host: FakeHost, raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[int] = []

    def fail() -> None:
        raise raised

    class Raising(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: called.append(1))
            ctx.shutdown.on_set(fail)
            ctx.shutdown.on_set(lambda: called.append(2))
            await ctx.sleep()

    host.start(Raising)
    host.stop()

    assert [event.event for event in host.events()] == ["started", "stopped"]
    assert called == [1, 2]
    assert "a shutdown callback failed" in caplog.text


def test_a_callback_of_the_token_that_is_taken_back_is_not_called(host: FakeHost) -> None:
    called: list[int] = []

    class Forgetting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: called.append(1))()
            ctx.shutdown.wait()

    host.start(Forgetting)
    host.stop()

    assert not called


def test_a_restart_that_waits_for_the_disk_holds_up_no_other_services_deadline(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    restarting = threading.Event()

    class Crashing(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            raise ValueError

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            let_go.wait(PATIENCE)

    heard = Heard(real)
    policy = RestartPolicy(on=RestartOn.FAILURE, delay=0.0)
    config = ServiceConfig(name="crashing", entry="x:y", restart=policy)
    crashing = real.adopt(config, Crashing)
    begin = StateCache.begin

    def slow(
        cache: StateCache, reason: StartReason, now: float, fields: dict[str, object]
    ) -> tuple[int, bgsvc.BackgroundServiceError | None]:
        if reason is StartReason.RESTART:
            restarting.set()
            let_go.wait(PATIENCE)
        return begin(cache, reason, now, fields)

    monkeypatch.setattr(StateCache, "begin", slow)
    deaf = adopted(real, "deaf", Deaf, stop_timeout=0.1)
    try:
        deaf.start(StartReason.APP)
        crashing.start(StartReason.APP)
        assert restarting.wait(PATIENCE)
        deaf.stop(StopReason.APP_STOP)
        assert heard.wait_for("deaf", "stop_overdue")
        assert not let_go.is_set()
    finally:
        let_go.set()
    crashing.stop(StopReason.APP_STOP)
    assert crashing.wait_stopped(PATIENCE)
    assert deaf.wait_stopped(PATIENCE)


def test_a_service_is_alive_while_a_run_or_a_restart_is_to_come(host: FakeHost) -> None:
    class Crashing(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            await ctx.sleep(5)
            if not ctx.shutdown.is_set():
                raise ValueError

    policy = RestartPolicy(on=RestartOn.FAILURE, delay=8.0)
    supervisor = host.runtime.adopt(ServiceConfig(name="c", entry="x:y", restart=policy), Crashing)
    before = supervisor.alive
    supervisor.start(StartReason.USER)
    during = supervisor.alive
    host.advance(6)
    assert not supervisor.running
    between = supervisor.alive
    supervisor.stop(StopReason.USER_STOP)

    assert [before, during, between, supervisor.alive] == [False, True, True, False]


def test_a_run_whose_thread_still_works_has_not_stopped(host: FakeHost) -> None:
    let_go = threading.Event()
    stopped = threading.Event()
    order: list[str] = []

    class Working(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            await asyncio.to_thread(self.work)

        def work(self) -> None:
            let_go.wait(PATIENCE)
            order.append("worked")

    def hear(event: bgsvc.Event) -> None:
        order.append(event.event)
        if event.event == "stopped":
            stopped.set()

    host.runtime.ports.bus.tap(hear)
    host.start(Working)
    try:
        status = host.stop()
        assert status.state is ServiceState.STOPPING
        assert status.overdue
        with pytest.raises(StillStoppingError):
            host.start(Working)
    finally:
        let_go.set()
    assert stopped.wait(PATIENCE)
    assert order == ["started", "stop_overdue", "worked", "stopped"]


def test_a_thread_left_by_an_init_that_failed_is_waited_for_within_bounds(host: FakeHost) -> None:
    let_go = threading.Event()
    stopped = threading.Event()

    class Broken(BackgroundService):
        async def init(self, ctx: ServiceContext) -> None:
            self.left = asyncio.ensure_future(asyncio.to_thread(let_go.wait, PATIENCE))
            await asyncio.sleep(0)
            raise OSError("no disk")

        async def run(self, ctx: ServiceContext) -> None:
            ctx.emit("ran")

    host.runtime.ports.bus.tap(lambda event: stopped.set() if event.event == "stopped" else None)
    host.start(Broken)
    host.advance(10)
    try:
        assert [event.event for event in host.events()] == ["stop_overdue"]
    finally:
        let_go.set()
    assert stopped.wait(PATIENCE)


@pytest.mark.parametrize("way", ["run", "shutdown"])
def test_a_run_that_is_ended_by_force_promises_no_restart(way: str) -> None:
    class Done(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            if way == "run":
                raise ValueError

        def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            ctx.clock.new_event().wait(3600)

    with FakeHost(platform="linux", mode="desktopProcess", owns_process=True) as host:
        policy = RestartPolicy(on=RestartOn.ALWAYS)
        config = ServiceConfig(name="done", entry="x:y", restart=policy)
        supervisor = host.runtime.adopt(config, Done)
        supervisor.start(StartReason.USER)
        host.advance(10)

        assert host.ended_with == 70
        assert "restartIn" not in host.events("stopped")[0].data
        assert host.events("stopped")[0].data["forced"] is True
        assert host.state().restart_in is None
        assert host.state().desired_running is True


def no_thread(_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_timers_work_again_after_a_thread_could_not_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SystemClock()
    fired: list[str] = []
    done = threading.Event()
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", no_thread)
        with pytest.raises(RuntimeError):
            clock.call_later(0, lambda: fired.append("refused"))
    clock.call_later(0, lambda: fired.append("kept"))
    clock.call_later(0.001, done.set)

    assert done.wait(PATIENCE)
    assert fired == ["kept"]


def test_a_timer_that_ends_its_thread_ends_nobody_elses_timers() -> None:
    clock = SystemClock()
    done = threading.Event()
    clock.call_later(0, sys.exit)
    clock.call_later(0.001, done.set)

    assert done.wait(PATIENCE)


@pytest.mark.parametrize("part_of", ["process", "app"])
def test_a_stop_reaches_the_run_where_no_thread_is_to_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part_of: str
) -> None:
    called = threading.Event()
    owned = part_of == "process"

    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(called.set)
            ctx.emit("ready")
            ctx.shutdown.wait()

    runtime = desktop_runtime(LocalHost(owns_process=owned), data_dir=str(tmp_path))
    heard = Heard(runtime)
    supervisor = adopted(runtime, "plain", Plain)
    supervisor.start(StartReason.APP)
    assert heard.wait_for("plain", "ready")
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", no_thread)
        supervisor.stop(StopReason.APP_STOP)
        assert supervisor.wait_stopped(PATIENCE)
        assert called.wait(PATIENCE)

    assert (("plain", "state_problem") in heard.events) is owned
    assert ("nothing bounds the stop" in caplog.text) is owned


@pytest.mark.parametrize("at", ["run_started", "run_closing"])
def test_a_failure_of_our_own_leaves_no_service_running_for_ever(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

    monkeypatch.setattr(Lifecycle, at, fail)
    host.start(Plain)
    if at == "run_closing":
        host.stop()

    assert not bgsvc.is_service_running()
    assert host.events("error")[0].data["code"] == "runtime"
    assert host.events("stopped")


@pytest.mark.parametrize("raised", [MemoryError(), SystemExit(3), ZeroDivisionError("ours")])
def test_an_end_that_cannot_be_kept_is_told_all_the_same_and_once(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

    host.start(Plain)
    with monkeypatch.context() as broken:
        broken.setattr(StateCache, "end", fail)
        host.stop()

    assert [event.event for event in host.events()] == ["started", "error", "stopped"]
    assert host.state().state is ServiceState.STOPPED
    assert host.start(Plain).run == 2


@pytest.mark.parametrize("raised", [MemoryError(), RuntimeError("can't start new thread")])
def test_a_run_that_cannot_begin_is_told_as_ended(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

    with monkeypatch.context() as broken:
        broken.setattr(host.clock, "spawn", fail)
        with pytest.raises((MemoryError, bgsvc.BackgroundServiceError)):
            host.start(Plain)

    assert [event.event for event in host.events()] == ["error", "stopped"]
    assert not bgsvc.is_service_running()
    assert host.start(Plain).run == 2


def test_a_process_that_ends_stops_its_services_where_threads_are_no_more(
    tmp_path: Path,
) -> None:
    script = """
import sys, threading, bgsvc
bgsvc.configure(data_dir=sys.argv[1])
running = threading.Event()
class AService(bgsvc.BackgroundService):
    def run(self, ctx):
        running.set()
        ctx.shutdown.wait()
        print("told", flush=True)
bgsvc.start_service(AService)
running.wait()
"""
    found = ended([sys.executable, "-c", script, str(tmp_path)])

    assert found.stdout == "told\n"


def asked_to_stop(saved: ServiceSnapshot) -> ServiceSnapshot:
    return replace(saved, desired_running=False, stop_request=StopReason.USER_STOP)


@pytest.mark.parametrize("reason", [StartReason.USER, StartReason.REPLAY, StartReason.RESTART])
def test_a_stop_asked_for_by_another_process_while_a_run_begins_is_kept(
    tmp_path: Path, reason: StartReason
) -> None:
    state_cache = StateCache(StateFile(str(tmp_path), "sync"))
    assert state_cache.saved.stop_request is None
    StateFile(str(tmp_path), "sync").update(asked_to_stop)
    state_cache.begin(reason, 1.0, {})

    saved = StateFile(str(tmp_path), "sync").peek()
    assert saved.run == 1
    assert saved.stop_request is StopReason.USER_STOP
    assert saved.desired_running is False


def test_a_restart_does_not_undo_a_stop_that_was_asked_for_when_the_last_run_ended(
    tmp_path: Path,
) -> None:
    file = StateFile(str(tmp_path), "sync")
    state_cache = StateCache(file)
    state_cache.begin(StartReason.USER, 1.0, {})
    file.update(asked_to_stop)
    state_cache.reread()
    state_cache.begin(StartReason.RESTART, 2.0, {})

    assert file.peek().stop_request is StopReason.USER_STOP
    assert file.peek().desired_running is False


def test_a_stop_that_an_earlier_process_was_asked_for_does_not_keep_a_start_from_being_wanted(
    tmp_path: Path,
) -> None:
    file = StateFile(str(tmp_path), "sync")
    file.update(asked_to_stop)
    StateCache(file).begin(StartReason.USER, 1.0, {})

    assert file.peek().stop_request is None
    assert file.peek().desired_running is True


def test_a_message_callback_that_exits_does_not_end_the_sender(host: FakeHost) -> None:
    class Exiting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.on_message(lambda _: sys.exit(3))
            ctx.shutdown.wait()

    host.start(Exiting)

    assert bgsvc.send_message("hello")
    assert bgsvc.is_service_running()


def test_of_two_apps_with_one_data_folder_only_one_runs_the_service(
    real: Runtime, tmp_path: Path
) -> None:
    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

    other = desktop_runtime(LocalHost(), data_dir=str(tmp_path))
    first, second = adopted(real, "plain", Plain), adopted(other, "plain", Plain)
    first.start(StartReason.APP)
    with pytest.raises(AlreadyRunningError):
        second.start(StartReason.APP)
    first.stop(StopReason.APP_STOP)
    assert first.wait_stopped(PATIENCE)
    assert second.start(StartReason.APP).run == 2
    second.stop(StopReason.APP_STOP)
    assert second.wait_stopped(PATIENCE)

    history = StateFile(real.ports.state_dir, "plain").peek().history
    assert [(entry.run, entry.reason) for entry in history] == [
        (1, StopReason.APP_STOP),
        (2, StopReason.APP_STOP),
    ]
