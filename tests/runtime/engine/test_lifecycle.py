import asyncio

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
from bgsvc._engine.restarts import RestartPlan
from bgsvc._model.errors import AlreadyRunningError, NotRunningError, StillStoppingError
from bgsvc.testing import FakeHost
from tests.runtime.services import (
    CrashingService,
    DeafService,
    DoneService,
    PlainService,
    StubbornService,
    SyncService,
    TidyService,
)


def names(host: FakeHost) -> list[str]:
    return [event.event for event in host.events()]


@pytest.mark.parametrize("service", [SyncService, PlainService])
def test_run_starts_works_and_stops(host: FakeHost, service: type[BackgroundService]) -> None:
    result = host.start(service)
    host.advance(125)
    status = host.stop()

    assert result.run == 1
    assert names(host)[0] == "started"
    assert len(names(host)) == 4
    assert names(host)[-1] == "stopped"
    assert status.state is ServiceState.STOPPED
    assert status.history[-1].reason is StopReason.USER_STOP


def test_init_precedes_started_and_shutdown_uses_the_same_instance(
    host: FakeHost,
) -> None:
    host.start(TidyService)
    host.stop(reason=StopReason.APP_STOP)

    order = [event.data.get("name", event.event) for event in host.events()]
    assert order == ["init", "started", "run", "shutdown", "stopped"]
    assert len({event.data["instance"] for event in host.events("hook")}) == 1
    assert host.events("hook")[-1].data["reason"] == "appStop"


def test_state_passes_through_initializing_and_stopping(host: FakeHost) -> None:
    seen: list[ServiceState] = []

    class Watching(BackgroundService):
        def init(self, ctx: ServiceContext) -> None:
            seen.append(bgsvc.get_service_state().state)

        def run(self, ctx: ServiceContext) -> None:
            seen.append(bgsvc.get_service_state().state)
            ctx.shutdown.wait()
            seen.append(bgsvc.get_service_state().state)

    host.start(Watching)
    host.stop()

    assert seen == [ServiceState.INITIALIZING, ServiceState.RUNNING, ServiceState.STOPPING]


def test_running_service_is_not_started_twice(host: FakeHost) -> None:
    host.start(SyncService)

    with pytest.raises(AlreadyRunningError):
        host.start(SyncService)


def test_run_that_ignores_its_token_is_reported_and_blocks_the_next(
    host: FakeHost,
) -> None:
    host.start(DeafService)
    status = host.stop()

    assert status.state is ServiceState.STOPPING
    assert status.overdue
    assert [event.event for event in host.events()] == ["started", "stop_overdue"]
    with pytest.raises(StillStoppingError):
        host.start(DeafService)


def test_late_end_is_emitted_when_it_comes(host: FakeHost) -> None:
    host.start(DeafService)
    host.stop()
    host.advance(3600)

    assert names(host) == ["started", "stop_overdue", "stopped"]
    assert host.state().state is ServiceState.STOPPED


def test_run_that_ignores_its_token_ends_with_a_process_of_its_own() -> None:
    with FakeHost(platform="linux", mode="desktopProcess", owns_process=True) as host:
        host.start(DeafService)
        status = host.stop()

        assert host.ended_with == 70
        assert [event.event for event in host.events()] == ["started", "stop_overdue", "stopped"]
        assert host.events("stopped")[0].data == {"reason": "userStop", "forced": True}
        assert status.history[-1].forced
        assert status.history[-1].error is not None
        assert status.history[-1].error["code"] == "stopTimeout"


def test_async_run_is_cancelled_before_its_time_is_up(host: FakeHost) -> None:
    host.start(StubbornService)
    before = host.clock.uptime()
    status = host.stop()

    assert host.clock.uptime() - before == 7.5
    assert status.state is ServiceState.STOPPED
    assert names(host) == ["started", "stopped"]
    assert host.events("stopped")[0].data == {"reason": "userStop"}


@pytest.mark.parametrize(
    "raised", [ValueError("x"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()]
)
@pytest.mark.parametrize("is_async", [True, False])
def test_run_that_raises_emits_one_error_and_one_stopped(
    host: FakeHost, raised: BaseException, *, is_async: bool
) -> None:
    class Async(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            raise raised

    class Plain(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            raise raised

    host.start(Async if is_async else Plain)

    assert names(host) == ["started", "error", "stopped"]
    assert host.events("error")[0].data["code"] == "runtime"
    assert type(raised).__name__ in str(host.events("error")[0].data["message"])
    assert host.events("stopped")[0].data == {"reason": "error"}
    assert host.state().desired_running is True


def test_init_that_raises_ends_the_run_without_started(host: FakeHost) -> None:
    class Broken(BackgroundService):
        def init(self, ctx: ServiceContext) -> None:
            raise OSError("no disk")

        def run(self, ctx: ServiceContext) -> None:
            ctx.emit("ran")

        def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            ctx.emit("shut_down")

    host.start(Broken)

    assert names(host) == ["error", "stopped"]
    assert host.events("error")[0].data["code"] == "init"


def test_stop_during_init_ends_the_run_without_started(host: FakeHost) -> None:
    class Slow(BackgroundService):
        async def init(self, ctx: ServiceContext) -> None:
            await ctx.sleep(30)

        async def run(self, ctx: ServiceContext) -> None:
            ctx.emit("ran")

    host.start(Slow)
    host.stop()

    assert names(host) == ["stopped"]


def test_shutdown_that_raises_has_its_own_error(host: FakeHost) -> None:
    class Untidy(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

        def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            raise RuntimeError("left a mess")

    host.start(Untidy)
    host.stop()

    assert names(host) == ["started", "error", "stopped"]
    assert host.events("error")[0].data["code"] == "shutdown"
    assert host.events("stopped")[0].data == {"reason": "error", "requested": "userStop"}
    assert host.state().desired_running is False


def test_leftover_tasks_end_before_stopped(host: FakeHost) -> None:
    left: list[asyncio.Task[None]] = []

    class Leaving(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            left.append(asyncio.ensure_future(asyncio.sleep(1000)))

    host.start(Leaving)

    assert left[0].cancelled()
    assert names(host) == ["started", "stopped"]


def test_completed_run_clears_the_desired_state(host: FakeHost) -> None:
    host.start(DoneService)
    host.advance(5)

    assert host.events("stopped")[0].data == {"reason": "taskCompleted"}
    assert host.state().desired_running is False


def test_service_that_stops_itself_does_not_wait(host: FakeHost) -> None:
    class Quitting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            status = bgsvc.stop_service()
            ctx.emit("asked", {"state": status.state})
            ctx.shutdown.wait()

    host.start(Quitting)

    assert host.events("asked")[0].data == {"state": "stopping"}
    assert host.state().state is ServiceState.STOPPED


def test_stop_of_a_stopped_service_is_an_error(host: FakeHost) -> None:
    host.start(DoneService)
    host.advance(5)

    with pytest.raises(NotRunningError):
        host.stop()


def restarting(**changes: float) -> ServiceConfig:
    policy = {"delay": 1.0, "max_delay": 300.0, "window": 600.0, **changes}
    limit = int(policy.pop("limit", 5))
    return ServiceConfig(
        name="crashing",
        entry=f"{CrashingService.__module__}:CrashingService",
        restart=RestartPolicy(on=RestartOn.FAILURE, limit=limit, **policy),
    )


def test_restart_delays_grow_with_each_failure(host: FakeHost) -> None:
    host.start(restarting())
    host.advance(300)

    delays = [event.data.get("restartIn") for event in host.events("stopped")]
    assert delays == [1.0, 2.0, 4.0, 8.0, 16.0, None]
    reasons = [event.data["reason"] for event in host.events("started")]
    assert reasons == ["user", *["restart"] * 5]


def test_restart_delay_does_not_exceed_max_delay(host: FakeHost) -> None:
    host.start(restarting(max_delay=3.0))
    host.advance(200)

    assert [event.data.get("restartIn") for event in host.events("stopped")][:5] == [1, 2, 3, 3, 3]


def test_crash_loop_ends_with_gave_up(host: FakeHost) -> None:
    host.start(restarting(limit=2))
    host.advance(500)

    assert len(host.events("started")) == 3
    assert host.events("stopped")[-1].data == {"reason": "error", "gaveUp": True}
    assert host.state().desired_running is True


def test_failure_outside_the_window_does_not_count(host: FakeHost) -> None:
    host.start(restarting(limit=1, window=5.0))
    host.advance(100)

    assert len(host.events("started")) > 5


def test_stop_calls_off_the_due_restart(host: FakeHost) -> None:
    host.start(restarting())
    host.advance(10.5)
    assert host.state().restart_in == 0.5
    host.runtime.find().stop(StopReason.USER_STOP)
    host.advance(100)

    assert len(host.events("started")) == 1
    assert host.state().desired_running is False
    assert host.state().restart_in is None


def test_jitter_spreads_restarts_over_the_upper_half_of_the_delay() -> None:
    policy = RestartPolicy(on=RestartOn.FAILURE, delay=8.0)

    def plan(jitter: float) -> RestartPlan:
        return RestartPlan(policy, lambda: jitter)

    waits = [plan(jitter).after(StopReason.ERROR, 0.0) for jitter in (0.0, 0.5, 1.0)]
    assert waits == [4.0, 6.0, 8.0]


def test_services_do_not_affect_each_other(host: FakeHost) -> None:
    host.start(SyncService)
    host.start(PlainService)
    host.start(restarting())
    host.stop("sync")
    host.advance(60)

    assert host.state("sync").state is ServiceState.STOPPED
    assert host.state("plain").state is ServiceState.RUNNING
    assert [event.seq for event in host.events(service="plain")] == [1, 2]


def test_new_run_has_a_new_instance_and_number(host: FakeHost) -> None:
    host.start(TidyService)
    host.stop()
    result = host.start(TidyService, reason=StartReason.TASK)

    assert result.run == 2
    instances = [event.data["instance"] for event in host.events("hook") if event.run == 2]
    assert instances[0] != host.events("hook")[0].data["instance"] or len(set(instances)) == 1


def test_history_has_the_stop_reason_of_the_last_runs(host: FakeHost) -> None:
    host.start(DoneService)
    host.advance(5)
    host.start(DoneService)
    host.expire(reason=StopReason.PLATFORM_EXPIRATION)
    host.start(DoneService)
    host.kill()
    host.start(DoneService)
    status = host.state()

    assert [(entry.run, entry.reason) for entry in status.history] == [
        (1, StopReason.TASK_COMPLETED),
        (2, StopReason.PLATFORM_EXPIRATION),
        (3, StopReason.PROCESS_EXIT),
    ]
    assert status.history[-1].ended is None


def test_history_is_bounded(host: FakeHost) -> None:
    for _ in range(25):
        host.start(DoneService)
        host.advance(5)

    assert [entry.run for entry in host.state().history] == list(range(6, 26))


def test_run_emits_nothing_after_stopped(host: FakeHost) -> None:
    kept: list[ServiceContext] = []

    class Leaky(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            kept.append(ctx)

    host.start(Leaky)
    kept[0].emit("ghost")

    assert names(host) == ["started", "stopped"]


def test_service_cannot_emit_the_runtimes_own_events(host: FakeHost) -> None:
    class Forging(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.emit("stopped", {"reason": "userStop"})

    host.start(Forging)

    assert names(host) == ["started", "error", "stopped"]


def test_message_reaches_a_run_only(host: FakeHost) -> None:
    class Listening(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.on_message(lambda data: ctx.emit("heard", {"data": data}))
            ctx.shutdown.wait()

    host.start(Listening)
    assert bgsvc.send_message({"volume": 3})
    host.stop()

    assert host.events("heard")[0].data == {"data": {"volume": 3}}
    assert not bgsvc.send_message("nobody is there")
