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

TIMEOUT_S = 20.0  # real seconds, far beyond what anything here takes


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
            return self.changed.wait_for(lambda: (service, event) in self.events, TIMEOUT_S)


def adopted(
    runtime: Runtime, name: str, factory: Callable[[], BackgroundService], stop_timeout: float = 10
) -> Supervisor:
    config = ServiceConfig(name=name, entry="x:y", stop_timeout=stop_timeout)
    return runtime.adopt(config, factory)


def test_token_callback_that_blocks_delays_neither_the_stop_nor_other_services(
    real: Runtime,
) -> None:
    let_go = threading.Event()
    threads: list[threading.Thread] = []

    class Blocking(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: threads.append(threading.current_thread()))
            ctx.shutdown.on_set(lambda: let_go.wait(TIMEOUT_S))

        def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            let_go.wait(TIMEOUT_S)

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            let_go.wait(TIMEOUT_S)

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
    assert blocking.wait_stopped(TIMEOUT_S)
    assert deaf.wait_stopped(TIMEOUT_S)
    assert threads[0].name == "bgsvc-token"


def test_token_callback_that_blocks_does_not_block_the_caller_of_stop(
    real: Runtime,
) -> None:
    let_go = threading.Event()

    class Blocking(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: let_go.wait(TIMEOUT_S))
            ctx.shutdown.wait()

    heard = Heard(real)
    supervisor = adopted(real, "blocking", Blocking)
    supervisor.start(StartReason.APP)
    assert heard.wait_for("blocking", "started")
    supervisor.stop(StopReason.APP_STOP)
    assert supervisor.wait_stopped(TIMEOUT_S)
    assert not let_go.is_set()
    let_go.set()


@pytest.mark.parametrize("raised", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_token_callback_that_raises_affects_nothing_else(
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


def test_token_callback_that_was_removed_is_not_called(host: FakeHost) -> None:
    called: list[int] = []

    class Forgetting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.on_set(lambda: called.append(1))()
            ctx.shutdown.wait()

    host.start(Forgetting)
    host.stop()

    assert not called


def test_restart_that_waits_for_the_disk_delays_no_other_deadline(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    restarting = threading.Event()

    class Crashing(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            raise ValueError

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            let_go.wait(TIMEOUT_S)

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
            let_go.wait(TIMEOUT_S)
        return begin(cache, reason, now, fields)

    monkeypatch.setattr(StateCache, "begin", slow)
    deaf = adopted(real, "deaf", Deaf, stop_timeout=0.1)
    try:
        deaf.start(StartReason.APP)
        crashing.start(StartReason.APP)
        assert restarting.wait(TIMEOUT_S)
        deaf.stop(StopReason.APP_STOP)
        assert heard.wait_for("deaf", "stop_overdue")
        assert not let_go.is_set()
    finally:
        let_go.set()
    crashing.stop(StopReason.APP_STOP)
    assert crashing.wait_stopped(TIMEOUT_S)
    assert deaf.wait_stopped(TIMEOUT_S)


def test_service_is_alive_while_a_run_or_restart_is_due(host: FakeHost) -> None:
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


def test_run_whose_thread_still_works_has_not_stopped(host: FakeHost) -> None:
    let_go = threading.Event()
    stopped = threading.Event()
    order: list[str] = []

    class Working(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            await asyncio.to_thread(self.work)

        def work(self) -> None:
            let_go.wait(TIMEOUT_S)
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
    assert stopped.wait(TIMEOUT_S)
    assert order == ["started", "stop_overdue", "worked", "stopped"]


def test_thread_of_a_failed_init_is_waited_for_within_the_stop_timeout(host: FakeHost) -> None:
    let_go = threading.Event()
    stopped = threading.Event()

    class Broken(BackgroundService):
        async def init(self, ctx: ServiceContext) -> None:
            self.left = asyncio.ensure_future(asyncio.to_thread(let_go.wait, TIMEOUT_S))
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
    assert stopped.wait(TIMEOUT_S)


@pytest.mark.parametrize("way", ["run", "shutdown"])
def test_run_that_is_forced_to_end_announces_no_restart(way: str) -> None:
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


def test_timers_work_again_after_a_thread_could_not_start(
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

    assert done.wait(TIMEOUT_S)
    assert fired == ["kept"]


def test_timer_that_raises_system_exit_does_not_end_other_timers() -> None:
    clock = SystemClock()
    done = threading.Event()
    clock.call_later(0, sys.exit)
    clock.call_later(0.001, done.set)

    assert done.wait(TIMEOUT_S)


@pytest.mark.parametrize("part_of", ["process", "app"])
def test_stop_reaches_the_run_where_no_thread_can_start(
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
        assert supervisor.wait_stopped(TIMEOUT_S)
        assert called.wait(TIMEOUT_S)

    assert (("plain", "state_problem") in heard.events) is owned
    assert ("nothing bounds the stop" in caplog.text) is owned


@pytest.mark.parametrize("at", ["run_started", "run_closing"])
def test_failure_of_the_runtime_itself_ends_the_run(
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
def test_end_that_cannot_be_saved_is_emitted_once(
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
def test_run_that_cannot_begin_is_emitted_as_stopped(
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


def test_process_exit_stops_services_where_no_thread_can_start(
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
    done = ended([sys.executable, "-c", script, str(tmp_path)])

    assert done.stdout == "told\n"


def asked_to_stop(saved: ServiceSnapshot) -> ServiceSnapshot:
    return replace(saved, desired_running=False, stop_request=StopReason.USER_STOP)


@pytest.mark.parametrize("reason", [StartReason.USER, StartReason.REPLAY, StartReason.RESTART])
def test_stop_request_of_another_process_while_a_run_begins_is_kept(
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


def test_restart_keeps_a_stop_request_from_the_end_of_the_last_run(
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


def test_stop_request_to_an_earlier_process_does_not_keep_a_start_from_being_desired(
    tmp_path: Path,
) -> None:
    file = StateFile(str(tmp_path), "sync")
    file.update(asked_to_stop)
    StateCache(file).begin(StartReason.USER, 1.0, {})

    assert file.peek().stop_request is None
    assert file.peek().desired_running is True


def test_message_callback_that_calls_exit_does_not_end_the_sender(host: FakeHost) -> None:
    class Exiting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.on_message(lambda _: sys.exit(3))
            ctx.shutdown.wait()

    host.start(Exiting)

    assert bgsvc.send_message("hello")
    assert bgsvc.is_service_running()


def test_second_app_with_the_same_data_folder_cannot_run_the_service(
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
    assert first.wait_stopped(TIMEOUT_S)
    assert second.start(StartReason.APP).run == 2
    second.stop(StopReason.APP_STOP)
    assert second.wait_stopped(TIMEOUT_S)

    history = StateFile(real.ports.state_dir, "plain").peek().history
    assert [(entry.run, entry.reason) for entry in history] == [
        (1, StopReason.APP_STOP),
        (2, StopReason.APP_STOP),
    ]
