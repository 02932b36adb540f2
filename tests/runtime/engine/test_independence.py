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
from tests.runtime.engine.test_stopping import PATIENCE, Heard, adopted, real
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
def test_a_run_that_begins_with_hardly_any_time_left_is_stopped(
    real: Runtime, granted: float
) -> None:
    heard = Heard(real)

    adopted(real, "brief", Obedient).start(StartReason.APP, granted=granted)

    assert heard.wait_for("brief", "stopped")
    assert heard.wait_for("brief", "quota_warning")


def test_a_process_stops_though_another_never_gives_the_lock_of_its_state_back(
    tmp_path: Path,
) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with somebody_holds(tmp_path / "bgsvc" / "sync.lock"):
            told.process.terminate()
            assert told.until("state_problem")["code"] == "stateNotSaved"
            assert told.until("stopped") == {"reason": "processExit"}
            assert told.process.wait(PATIENCE) == 0
    assert on_disk(tmp_path)["desiredRunning"] is True


def test_a_state_that_another_process_has_locked_is_read_all_the_same(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lock, "LOCK_TIMEOUT_S", 0.05)
    first = adopted(real, "sync", Obedient)
    first.start(StartReason.APP)
    first.stop(StopReason.APP_STOP)
    assert first.wait_stopped(PATIENCE)

    with somebody_holds(Path(real.ports.state_dir) / "sync.lock"):
        saved, problem = _store.StateFile(real.ports.state_dir, "sync").load()

    assert (saved.run, problem) == (1, None)


def test_a_service_whose_disk_is_slow_delays_no_other(
    real: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked = threading.Event(), threading.Event()
    write = _store.write_atomically

    class Deaf(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            answers.wait(PATIENCE)

    def slow(path: str, content: bytes) -> None:
        if path.endswith("slow.json"):
            asked.set()
            answers.wait(PATIENCE)
        write(path, content)

    heard = Heard(real)
    slow_one, other = (adopted(real, name, Deaf, 0.05) for name in ("slow", "other"))
    slow_one.start(StartReason.APP)
    other.start(StartReason.APP)
    monkeypatch.setattr(_store, "write_atomically", slow)
    asking = threading.Thread(target=lambda: slow_one.stop(StopReason.APP_STOP))
    try:
        asking.start()
        assert asked.wait(PATIENCE)  # it has the lock of `slow`, and waits for its disk
        other.stop(StopReason.PROCESS_EXIT)
        assert heard.wait_for("other", "stop_overdue")
        assert adopted(real, "third", Obedient).status().run == 0
        assert not answers.is_set()
    finally:
        answers.set()
        asking.join(PATIENCE)
    assert heard.wait_for("slow", "stopped")


def test_a_service_that_is_busy_starting_keeps_nobody_from_others(real: Runtime) -> None:
    one = adopted(real, "one", Obedient)
    begun, let_go = threading.Event(), threading.Event()

    def keep() -> None:
        with one._life.lock:  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - a slow start does
            begun.set()
            let_go.wait(PATIENCE)

    keeping = threading.Thread(target=keep)
    asking = threading.Thread(target=lambda: adopted(real, "one", Obedient))
    try:
        keeping.start()
        assert begun.wait(PATIENCE)
        asking.start()
        found: list[object] = []
        other = threading.Thread(target=lambda: found.append(adopted(real, "two", Obedient)))
        other.start()
        other.join(PATIENCE)
        assert len(found) == 1
        assert asking.is_alive()
    finally:
        let_go.set()
        keeping.join(PATIENCE)
        asking.join(PATIENCE)


def test_a_run_is_over_before_its_shutdown_begins_whatever_a_task_beside_it_raises(
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

    assert service.wait_stopped(PATIENCE)
    assert order == ["run ended", "shutdown for error"]
