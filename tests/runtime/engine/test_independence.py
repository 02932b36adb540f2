"""No service waits for another's disk, lock or deadline, and no deadline for whoever is slow."""

import asyncio
import fcntl
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bgsvc import BackgroundService, ServiceContext, StartReason, StopReason
from bgsvc._engine.runtime import Runtime
from bgsvc._storage import locks as _lock
from bgsvc._storage import state_file as _store
from tests.runtime.engine.test_stopping import TIMEOUT_S, Heard, adopted, real
from tests.runtime.processes import hosted, on_disk

__all__ = ["real"]


class Obedient(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        ctx.shutdown.wait()


@contextmanager
def somebody_holds(path: Path) -> Generator[None]:
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("granted", [0.0, 0.001])
def test_run_that_begins_with_little_time_is_stopped(real: Runtime, granted: float) -> None:
    heard = Heard(real)

    adopted(real, "brief", Obedient).start(StartReason.APP, granted=granted)

    assert heard.wait_for("brief", "stopped")
    assert heard.wait_for("brief", "quota_warning")


def test_process_stops_while_another_holds_the_lock_of_its_state_file(
    tmp_path: Path,
) -> None:
    with hosted(tmp_path) as events:
        events.until("started")
        with somebody_holds(tmp_path / "bgsvc" / "sync.lock"):
            events.process.terminate()
            assert events.until("state_problem")["code"] == "stateNotSaved"
            assert events.until("stopped") == {"reason": "processExit"}
            assert events.process.wait(TIMEOUT_S) == 0
    assert on_disk(tmp_path)["desiredRunning"] is True


def test_state_file_that_another_process_locked_can_be_read(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lock, "LOCK_TIMEOUT_S", 0.05)
    first = adopted(real, "sync", Obedient)
    first.start(StartReason.APP)
    first.stop(StopReason.APP_STOP)
    assert first.wait_stopped(TIMEOUT_S)

    with somebody_holds(Path(real.ports.state_dir) / "sync.lock"):
        saved, problem = _store.StateFile(real.ports.state_dir, "sync").load()

    assert (saved.run, problem) == (1, None)


def test_service_with_a_slow_disk_delays_no_other(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked = threading.Event(), threading.Event()
    write = _store.write_atomically

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            answers.wait(TIMEOUT_S)

    def slow(path: str, content: bytes) -> None:
        if path.endswith("slow.json"):
            asked.set()
            answers.wait(TIMEOUT_S)
        write(path, content)

    heard = Heard(real)
    slow_one, other = (adopted(real, name, Deaf, 0.05) for name in ("slow", "other"))
    slow_one.start(StartReason.APP)
    other.start(StartReason.APP)
    monkeypatch.setattr(_store, "write_atomically", slow)
    asking = threading.Thread(target=lambda: slow_one.stop(StopReason.APP_STOP))
    try:
        asking.start()
        assert asked.wait(TIMEOUT_S)  # it has the lock of `slow`, and waits for its disk
        other.stop(StopReason.PROCESS_EXIT)
        assert heard.wait_for("other", "stop_overdue")
        assert adopted(real, "third", Obedient).status().run == 0
        assert not answers.is_set()
    finally:
        answers.set()
        asking.join(TIMEOUT_S)
    assert heard.wait_for("slow", "stopped")


def test_service_that_is_starting_does_not_block_others(real: Runtime) -> None:
    one = adopted(real, "one", Obedient)
    begun, let_go = threading.Event(), threading.Event()

    def keep() -> None:
        with one._life.lock:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - a slow start does
            begun.set()
            let_go.wait(TIMEOUT_S)

    keeping = threading.Thread(target=keep)
    asking = threading.Thread(target=lambda: adopted(real, "one", Obedient))
    try:
        keeping.start()
        assert begun.wait(TIMEOUT_S)
        asking.start()
        done: list[object] = []
        other = threading.Thread(target=lambda: done.append(adopted(real, "two", Obedient)))
        other.start()
        other.join(TIMEOUT_S)
        assert len(done) == 1
        assert asking.is_alive()
    finally:
        let_go.set()
        keeping.join(TIMEOUT_S)
        asking.join(TIMEOUT_S)


def test_run_has_ended_before_shutdown_whatever_another_task_raises(
    real: Runtime,
) -> None:
    order: list[str] = []

    class Parent(BackgroundService):
        async def run(self, ctx: ServiceContext) -> None:
            async def child() -> None:
                raise SystemExit(3)

            task = asyncio.create_task(child())
            try:
                await asyncio.Event().wait()
            finally:
                order.append("run ended")
                assert isinstance(task.exception(), SystemExit)

        async def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
            order.append(f"shutdown for {reason}")
            await asyncio.sleep(0)

    service = adopted(real, "parent", Parent)
    service.start(StartReason.APP)

    assert service.wait_stopped(TIMEOUT_S)
    assert order == ["run ended", "shutdown for error"]
