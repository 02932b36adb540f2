"""The life cycle explored: any order of start, stop, crash, hang, expiry, kill and reload.

The model knows only the table of stop reasons and what a run was told to do; the invariants are
what every user relies on.
"""

import asyncio
import os
from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bgsvc import (
    BackgroundService,
    BackgroundServiceError,
    RestartOn,
    RestartPolicy,
    ServiceConfig,
    ServiceContext,
    ServiceState,
    StopReason,
)
from bgsvc._engine.runtime import Runtime
from bgsvc._model.errors import AlreadyRunningError, NotRunningError, StillStoppingError
from bgsvc._storage.state_file import StateFile
from bgsvc.testing import FakeHost

if TYPE_CHECKING:
    from bgsvc._ports.clock import Signal

CLEARING = {"userStop", "appStop", "nativeNotificationStop", "taskCompleted"}
ENTRY = f"{__name__}:Puppet"
EXAMPLES = int(os.environ.get("BGSVC_EXAMPLES", "60"))


class Strings:
    """What pulls the puppet, and what was seen of it."""

    manner = "obey"
    active: ClassVar[dict[int, int]] = defaultdict(int)
    most_active = 0
    process = 0  # counts the fake processes, for a dead one's threads are no overlap
    gates: "ClassVar[list[Signal]]"
    crash: "ClassVar[list[Signal]]"


class Puppet(BackgroundService):
    """A service that runs in whatever manner it is told to."""

    def run(self, ctx: ServiceContext) -> object:
        manner = Strings.manner
        if manner.startswith("async"):
            return self.live(ctx, manner)
        process = _entered()
        try:
            if manner == "raise":
                raise SystemExit(9)
            if manner == "deaf":
                gate = ctx.clock.new_event()
                Strings.gates.append(gate)
                gate.wait()
                return None
            fault = Strings.crash[-1]
            while not ctx.shutdown.wait(7.0):
                ctx.emit("beat")
                if fault.is_set():
                    raise ValueError("told to")
        finally:
            Strings.active[process] -= 1
        return None

    async def live(self, ctx: ServiceContext, manner: str) -> None:
        process = _entered()
        try:
            fault = Strings.crash[-1]
            while manner == "async-deaf" or await ctx.sleep(7.0):
                if manner == "async-deaf":
                    await asyncio.sleep(7.0)
                if manner == "async-done":
                    return
                if fault.is_set():
                    raise KeyboardInterrupt
        finally:
            Strings.active[process] -= 1


def _entered() -> int:
    process = Strings.process
    Strings.active[process] += 1
    Strings.most_active = max(Strings.most_active, Strings.active[process])
    return process


class LifeCycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.host = FakeHost()
        self.host.__enter__()
        Strings.process += 1
        Strings.most_active = 0
        Strings.gates = []
        Strings.crash = []
        self.config = ServiceConfig(
            name="puppet",
            entry=ENTRY,
            stop_timeout=8.0,
            restart=RestartPolicy(on=RestartOn.FAILURE, delay=2.0, limit=2, window=60.0),
        )
        self.desired: bool | None = None
        self.first_of_process = 0

    def teardown(self) -> None:
        for gate in Strings.gates:
            gate.set()
        Strings.gates.clear()
        self.host.__exit__(None, None, None)

    @property
    def runtime(self) -> Runtime:
        return self.host.runtime

    def known(self) -> bool:
        return bool(self.runtime.all())

    @rule(manner=st.sampled_from(["obey", "raise", "deaf", "async", "async-deaf", "async-done"]))
    def start(self, manner: str) -> None:
        running = self.known() and self.runtime.find().running
        stopping = running and self.host.state().state is ServiceState.STOPPING
        if not running:
            Strings.manner = manner
            Strings.crash.append(self.host.clock.new_event())
        try:
            self.host.start(self.config)
        except StillStoppingError:
            assert stopping
        except AlreadyRunningError:
            assert running
            assert not stopping
        else:
            assert not running
            self.desired = True
        self.see_done()

    @precondition(lambda self: self.known())
    @rule(reason=st.sampled_from([one for one in StopReason if one is not StopReason.ERROR]))
    def stop(self, reason: StopReason) -> None:
        supervisor = self.runtime.find()
        idle = not supervisor.running and not self.host.state().restart_in
        before = self.desired
        if reason.value in CLEARING:
            self.desired = False
        try:
            supervisor.stop(reason)
        except NotRunningError:
            assert idle
            assert not before
        self.host.clock.settle()

    @precondition(lambda self: self.known())
    @rule(remaining=st.sampled_from([0.0, 2.0, 30.0]))
    def expire(self, remaining: float) -> None:
        self.runtime.find().expire(StopReason.PLATFORM_TIMEOUT, remaining)
        self.host.clock.settle()

    @precondition(lambda _: bool(Strings.crash))
    @rule()
    def crash(self) -> None:
        Strings.crash[-1].set()
        self.advance(8.0)

    @rule(seconds=st.sampled_from([0.5, 2.5, 8.0, 100.0]))
    def advance(self, seconds: float) -> None:
        self.host.advance(seconds)
        self.see_done()

    @rule()
    def let_go(self) -> None:
        for gate in Strings.gates:
            gate.set()
        Strings.gates.clear()
        self.host.clock.settle()
        self.see_done()

    @rule()
    def kill_and_reload(self) -> None:
        Strings.process += 1
        self.host.kill()
        self.first_of_process = len(self.host.events())
        saved = StateFile(self.runtime.ports.state_dir, "puppet").peek()
        if saved.desired_running:
            Strings.manner = "obey"
            Strings.crash.append(self.host.clock.new_event())
            self.host.start(self.config)

    def see_done(self) -> None:
        """A run that returned by itself is complete, and clears the desired state."""
        for event in self.host.events("stopped")[-4:]:
            if event.data["reason"] == "taskCompleted" and event.run == self.last_run():
                self.desired = False

    def last_run(self) -> int:
        return self.host.state().run if self.known() else 0

    @invariant()
    def runs_never_overlap(self) -> None:
        assert Strings.most_active <= 1

    @invariant()
    def sequence_has_no_gaps(self) -> None:
        numbers = [event.seq for event in self.host.events()[self.first_of_process :]]
        assert numbers == list(range(1, len(numbers) + 1))

    @invariant()
    def every_run_has_ended_in_exactly_one_stopped_but_the_one_under_way(self) -> None:
        by_run: dict[int, list[str]] = defaultdict(list)
        for event in self.host.events()[self.first_of_process :]:
            by_run[event.run].append(event.event)
        under_way = self.last_run() if self.known() and self.runtime.find().running else 0
        for run, events in by_run.items():
            stopped = events.count("stopped")
            assert stopped == (0 if run == under_way else 1), (run, events)
            assert events.count("error") <= 1
            assert events.count("started") <= 1
            if stopped:
                assert events[-1] == "stopped"

    @invariant()
    def states_agree(self) -> None:
        if not self.known():
            return
        status = self.host.state()
        running = status.state not in {ServiceState.IDLE, ServiceState.STOPPED}
        assert running == self.runtime.find().running

    @invariant()
    def desired_state_follows_the_table_and_is_on_disk(self) -> None:
        saved = StateFile(self.runtime.ports.state_dir, "puppet").peek()
        assert saved.desired_running == self.desired

    @invariant()
    def errors_are_ours(self) -> None:
        error = self.host.state().last_error if self.known() else None
        assert error is None or isinstance(error, BackgroundServiceError)


LifeCycle.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
test_any_order_of_things_keeps_the_life_cycle = LifeCycle.TestCase
