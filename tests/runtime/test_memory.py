"""What a process knows of its services, when the disk forgets, lies or will not take it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bgsvc
from bgsvc import ServiceConfig, StartReason, StopReason
from bgsvc._store import StateFile
from bgsvc.testing import FakeHost
from tests.runtime.processes import hosted, on_disk
from tests.runtime.services import SyncService

NAME = "sync.json"


def file_of(host: FakeHost) -> Path:
    return Path(host.runtime.ports.state_dir) / NAME


def damaged(path: Path) -> None:
    path.write_text("{")


def newer(path: Path) -> None:
    path.write_text('{"version": 2}')


def removed(path: Path) -> None:
    path.unlink()


LOSSES = [removed, damaged, newer]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A disk that takes nothing, until the patch is undone."""

    def refusing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("bgsvc._store.write_atomically", refusing)
        yield patch


@pytest.mark.parametrize("lose", LOSSES)
def test_runs_are_numbered_on_and_told_whatever_becomes_of_the_file(
    host: FakeHost, lose: Callable[[Path], None]
) -> None:
    for _ in range(3):
        host.start(SyncService)
        host.stop()
    lose(file_of(host))
    result = host.start(SyncService)
    host.stop()

    assert result.run == 4
    assert [event.run for event in host.events("stopped")] == [1, 2, 3, 4]
    assert on_disk(Path(host.runtime.ports.data_dir))["run"] == 4
    history = StateFile(host.runtime.ports.state_dir, "sync").peek().history
    assert [entry.run for entry in history] == [1, 2, 3, 4]


def test_runs_the_disk_would_not_take_are_written_down_once_it_will(
    host: FakeHost, full: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        host.start(SyncService)
        host.stop()
    full.undo()
    host.start(SyncService)
    host.stop(reason=StopReason.PROCESS_EXIT)

    assert [event.run for event in host.events("started")] == [1, 2, 3, 4]
    saved = StateFile(host.runtime.ports.state_dir, "sync").peek()
    assert [(entry.run, entry.reason) for entry in saved.history] == [
        (1, "userStop"),
        (2, "userStop"),
        (3, "userStop"),
        (4, "processExit"),
    ]
    assert saved.desired_running is True


def test_what_another_process_wrote_meanwhile_outlives_what_this_one_could_not_write(
    host: FakeHost, full: pytest.MonkeyPatch
) -> None:
    host.start(SyncService)
    full.undo()
    host.advance(1)
    other = FakeHost(folder=Path(host.runtime.ports.data_dir))
    other.clock.advance(60)
    other.runtime.adopt(ServiceConfig(name="sync", entry="none:None"), SyncService).wish(
        running=False
    )
    host.stop(reason=StopReason.PROCESS_EXIT)

    saved = StateFile(host.runtime.ports.state_dir, "sync").peek()
    assert saved.desired_running is False
    assert [entry.run for entry in saved.history] == [1]


@pytest.mark.parametrize("lose", LOSSES)
def test_what_is_wanted_is_written_down_again_after_the_file_was_lost_under_a_run(
    host: FakeHost, lose: Callable[[Path], None]
) -> None:
    host.start(SyncService)
    lose(file_of(host))
    host.stop(reason=StopReason.PROCESS_EXIT)

    saved = StateFile(host.runtime.ports.state_dir, "sync").peek()
    assert (saved.desired_running, saved.run) == (True, 1)
    problems = [event.data["code"] for event in host.events("state_problem")]
    assert (
        problems
        == {"removed": [], "damaged": ["stateDamaged"], "newer": ["stateTooNew"]}[lose.__name__]
    )


def test_a_wish_without_any_run_outlives_the_file(host: FakeHost) -> None:
    host.runtime.adopt(ServiceConfig(name="sync", entry="none:None"), SyncService)
    bgsvc.enable_auto_restart()
    file_of(host).unlink()

    assert bgsvc.get_desired_service_state().running is True
    assert host.start(SyncService, reason=StartReason.REPLAY).run == 1
    assert on_disk(Path(host.runtime.ports.data_dir))["desiredRunning"] is True


def test_a_process_whose_file_is_lost_during_back_off_still_hears_of_its_end(
    tmp_path: Path,
) -> None:
    config = (
        '{"name": "crash", "entry": "tests.runtime.services:FailingService",'
        ' "restart": {"on": "failure", "delay": 0.5, "maxDelay": 0.5, "limit": 2, "window": 60}}'
    )
    with hosted(tmp_path, "--config", config, entry="x:X") as told:
        told.until("stopped")
        told.until("stopped")
        (tmp_path / "bgsvc" / "crash.json").unlink()

        assert told.until("stopped")["gaveUp"] is True
        assert told.process.wait(20) == 1
