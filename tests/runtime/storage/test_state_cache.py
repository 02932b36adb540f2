"""What a process knows of its services, when the disk forgets, lies or will not take it."""

import errno
import json
import logging
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

import bgsvc
from bgsvc import (
    RestartOn,
    RestartPolicy,
    ServiceConfig,
    ServiceState,
    StartReason,
    StopReason,
)
from bgsvc._lite.dataclasses import replace
from bgsvc._model.errors import PlatformError
from bgsvc._storage.locks import run_lock
from bgsvc._storage.state_file import StateFile
from bgsvc.testing import FakeHost
from tests.runtime.processes import command, hosted, on_disk
from tests.runtime.services import SyncService

NAME = "sync.json"
CRASHING = ServiceConfig(name="crashing", entry="tests.runtime.services:CrashingService")


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
        patch.setattr("bgsvc._storage.state_file.write_atomically", refusing)
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
    other.runtime.adopt(
        ServiceConfig(name="sync", entry="none:None"), SyncService
    ).set_desired_state(running=False)
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


UNASKED = [one for one in StartReason if one not in {"user", "app"}]


@pytest.mark.parametrize("reason", UNASKED)
def test_a_start_that_nobody_asked_for_changes_nothing_in_what_is_wanted(
    host: FakeHost, reason: StartReason
) -> None:
    host.start(SyncService)
    bgsvc.disable_auto_restart()
    host.stop(reason=StopReason.PROCESS_EXIT)
    host.start(SyncService, reason=reason)

    assert host.state().desired_running is False
    assert host.desired["sync"] is False


def test_what_nobody_ever_stopped_is_wanted_from_its_first_start_on(host: FakeHost) -> None:
    host.start(SyncService, reason=StartReason.BOOT)

    assert host.state().desired_running is True


def test_a_host_that_starts_what_it_knows_to_be_wanted_is_told_nothing_else(
    host: FakeHost,
) -> None:
    host.start(SyncService)
    host.stop(reason=StopReason.USER_STOP)
    host.desired["sync"] = True  # the user asked again, and Python was killed before it heard

    host.start(SyncService, reason=StartReason.OS_RESTART)

    assert host.desired["sync"] is True


def test_a_restart_does_not_undo_that_the_service_is_no_longer_wanted(host: FakeHost) -> None:
    policy = RestartPolicy(on=RestartOn.FAILURE, delay=1)
    host.start(replace(CRASHING, restart=policy))
    bgsvc.disable_auto_restart()
    host.advance(12)

    assert host.state().run == 2
    assert bgsvc.get_desired_service_state().running is False


@pytest.mark.parametrize("reason", [StopReason.USER_STOP, StopReason.PROCESS_EXIT])
def test_a_stop_during_back_off_leaves_no_restart_due_on_disk(
    host: FakeHost, reason: StopReason
) -> None:
    host.start(replace(CRASHING, restart=RestartPolicy(on=RestartOn.FAILURE, delay=60)))
    host.advance(11)
    assert on_disk(Path(host.runtime.ports.data_dir), "crashing")["restartDue"] is not None
    host.stop(reason=reason)

    assert on_disk(Path(host.runtime.ports.data_dir), "crashing")["restartDue"] is None


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_process_that_is_short_of_descriptors_does_not_run_beside_another(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def short(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("bgsvc._storage.locks._registered", short)
    with pytest.raises(PlatformError, match="cannot use"):
        host.start(SyncService)
    monkeypatch.undo()

    assert not host.events()
    assert host.start(SyncService).run == 1


def test_a_replay_starts_the_others_when_one_cannot_be_and_tells_why(
    host: FakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    taken = ServiceConfig(name="taken", entry="tests.runtime.services:SyncService")
    sync = replace(taken, name="sync")
    for one in (taken, sync):
        host.start(one)
    host.kill()
    with run_lock_held(host, "taken"), caplog.at_level(logging.ERROR, "bgsvc"):
        lost = replace(taken, name="lost", entry="nowhere:Nothing")
        results = bgsvc.replay_desired_state(lost, taken, sync)

    assert [result.service for result in results] == ["sync"]
    failed = [(one.service, one.data["code"]) for one in host.events("restart_failed")]
    assert failed == [("", "entryNotFound"), ("taken", "alreadyRunning")]
    assert "lost was not started" in caplog.text
    assert "taken was not started" in caplog.text


def run_lock_held(host: FakeHost, service: str) -> AbstractContextManager[None]:
    """Have a run of `service` somewhere else."""

    @contextmanager
    def held() -> Generator[None]:
        lock = run_lock(host.runtime.ports.state_dir, service)
        assert lock.acquire()
        yield
        lock.release()

    return held()


def test_damage_found_at_a_replay_is_told_logged_and_shown(
    host: FakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    file_of(host).parent.mkdir(parents=True)
    damaged(file_of(host))
    with caplog.at_level(logging.ERROR, "bgsvc"):
        assert not bgsvc.replay_desired_state(SyncService)

    assert [one.data["code"] for one in host.events("state_problem")] == ["stateDamaged"]
    assert "is damaged; kept as" in caplog.text
    error = bgsvc.get_service_state().last_error
    assert error is not None
    assert error.code == "stateDamaged"
    codes = [issue.code for issue in bgsvc.validate_background_service_setup().issues]
    assert "stateDamaged" in codes
    assert [one.code for one in host.start(SyncService).degraded] == ["stateDamaged"]
    assert host.state().last_error is None


@pytest.mark.parametrize("seen", [False, True])
def test_the_command_line_says_that_a_state_file_is_damaged_or_was_set_aside(
    tmp_path: Path, *, seen: bool
) -> None:
    folder = tmp_path / "bgsvc"
    file = StateFile(str(folder), "sync")
    file.update(lambda saved: replace(saved, run=1))
    damaged(folder / NAME)
    if seen:
        file.load()

    said = command("state", "--data-dir", tmp_path).stdout
    assert ("was set aside" if seen else "is damaged") in said
    found = json.loads(command("state", "--json", "--data-dir", tmp_path).stdout)
    assert found["services"][0]["problems"][0]["code"] == "stateDamaged"


def test_what_another_process_runs_and_wants_is_seen_here(tmp_path: Path) -> None:
    with FakeHost(folder=tmp_path) as host, hosted(tmp_path) as told:
        told.until("started")
        host.runtime.adopt(ServiceConfig(name="sync", entry="none:None"), SyncService)

        assert bgsvc.is_service_running()
        assert bgsvc.get_service_state().state is ServiceState.RUNNING
        assert bgsvc.get_service_state().start_reason is StartReason.USER
        assert bgsvc.get_desired_service_state().running is True
        assert command("stop", "--name", "sync", "--data-dir", tmp_path).returncode == 0
        assert told.until("stopped") == {"reason": "userStop"}
        assert told.process.wait(20) == 0
        assert not bgsvc.is_service_running()
        assert bgsvc.get_service_state().stop_reason is StopReason.USER_STOP
        assert bgsvc.get_desired_service_state().running is False
        assert not bgsvc.replay_desired_state(SyncService)
