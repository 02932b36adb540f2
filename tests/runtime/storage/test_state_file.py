"""The state file under kill -9, a power cut, damage, newer versions and two writers."""

import json
import multiprocessing
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

import bgsvc
from bgsvc import StartReason, StopReason
from bgsvc._lite.dataclasses import replace
from bgsvc._model.errors import StateNotSavedError
from bgsvc._model.snapshot import RunRecord, ServiceSnapshot
from bgsvc._storage.state_file import StateFile
from bgsvc.testing import FakeHost
from tests.runtime.services import SyncService

OLD = ServiceSnapshot(desired_running=True, since=1.0, run=7, current=(7, StartReason.USER, 1.0))
NEW = ServiceSnapshot(
    desired_running=False,
    since=2.0,
    run=7,
    history=(RunRecord(7, StartReason.USER, 1.0, 2.0, StopReason.USER_STOP),) * 20,
)
RUNTIME = str(Path(bgsvc.__file__).parent)


def write_new(folder: Path) -> None:
    StateFile(str(folder), "sync").update(lambda _: NEW)


def killed_at(point: int, folder: Path, write: Callable[[Path], None]) -> bool:
    """Write in a child that gets SIGKILL before its `point`th instruction; True if it finished.

    An instruction of the interpreter makes at most one system call, so the points lie on both
    sides of every system call of the write.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def trace(frame: FrameType, event: str, _: object) -> object:
            nonlocal count
            if not frame.f_code.co_filename.startswith(RUNTIME):
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                count += 1
                if count == point:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            frame = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            frame.f_trace_opcodes = True  # Python 3.12 looks before it traces
            sys.settrace(trace)  # type: ignore[arg-type]
            write(folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def points(first: int, step: int) -> Iterator[int]:
    yield from range(first, 1_000_000, step)


def sweep(folder: Path, step: int) -> int:
    """Kill a write at every `step`th point until it finishes; return how many points there were."""
    StateFile(str(folder), "sync").update(lambda _: OLD)
    seen: set[bool] = set()
    for number, point in enumerate(points(1, step)):
        finished = killed_at(point, folder, write_new)
        found, problem = StateFile(str(folder), "sync").load()
        assert problem is None, point
        assert found in {OLD, NEW}, point
        seen.add(found == NEW)
        assert not list(folder.glob("*.damaged*"))
        if finished:
            assert found == NEW
            assert seen == {True, False}
            return number
        StateFile(str(folder), "sync").update(lambda _: OLD)
    raise AssertionError("the write never finished")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_kill_at_some_points_of_a_write_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    assert sweep(tmp_path, 311) > 20


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
def test_a_kill_at_any_of_many_points_of_a_write_leaves_the_old_state_or_the_new(
    tmp_path: Path,
) -> None:
    assert sweep(tmp_path, 7) >= 1_500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
@pytest.mark.parametrize("part", range(0, 100, 10))
def test_a_kill_in_the_middle_of_the_bytes_leaves_the_old_state(tmp_path: Path, part: int) -> None:
    StateFile(str(tmp_path), "sync").update(lambda _: OLD)
    child = os.fork()
    if child == 0:
        write = os.write

        def torn(descriptor: int, data: memoryview) -> int:
            write(descriptor, data[: len(data) * part // 100])
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        os.write = torn  # type: ignore[assignment]
        try:
            write_new(tmp_path)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert StateFile(str(tmp_path), "sync").load() == (OLD, None)
    StateFile(str(tmp_path), "sync").update(lambda _: NEW)
    assert StateFile(str(tmp_path), "sync").load() == (NEW, None)


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_we_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        done.append("sync folder" if folder else "sync file")
        fsync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        done.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    write_new(tmp_path)

    assert done == ["sync file", "rename", "sync folder"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"version": 1}',
        b'{"version": "1", "history": []}',
        b'{"version": 1, "history": [], "desiredRunning": "yes", "since": 0, "run": 1}',
        b'{"version": 1, "history": [{}], "desiredRunning": true, "since": 0, "run": 1}',
        b'{"version": 1, "history": [], "desiredRunning": true, "since": 0, "run": NaN}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_reported_and_never_fatal(
    host: FakeHost, content: bytes
) -> None:
    folder = Path(host.runtime.ports.state_dir)
    folder.mkdir(parents=True)
    (folder / "sync.json").write_bytes(content)

    result = host.start(SyncService)

    assert result.run == 1
    assert host.events()[0].event == "state_problem"
    assert host.events()[0].data["code"] == "stateDamaged"
    assert (folder / "sync.json.damaged-1").read_bytes() == content
    assert json.loads((folder / "sync.json").read_text())["desiredRunning"] is True


def test_a_file_of_a_newer_version_is_set_aside_whole(host: FakeHost) -> None:
    folder = Path(host.runtime.ports.state_dir)
    folder.mkdir(parents=True)
    (folder / "sync.json").write_text('{"version": 2, "soul": true}')

    host.start(SyncService)

    assert host.events()[0].data["code"] == "stateTooNew"
    assert (folder / "sync.json.newer-1").read_text() == '{"version": 2, "soul": true}'


def test_damage_upon_damage_loses_nothing(tmp_path: Path) -> None:
    for number in range(1, 4):
        (tmp_path / "sync.json").write_text(f"damage {number}")
        StateFile(str(tmp_path), "sync").load()

    kept = [(tmp_path / f"sync.json.damaged-{number}").read_text() for number in range(1, 4)]
    assert kept == ["damage 1", "damage 2", "damage 3"]


def count_up(folder: str, times: int) -> None:
    file = StateFile(folder, "sync")
    for _ in range(times):
        file.update(lambda saved: replace(saved, run=saved.run + 1))


def test_two_processes_lose_none_of_each_others_changes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=count_up, args=(str(tmp_path), 50)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert StateFile(str(tmp_path), "sync").peek().run == 100


def test_a_full_disk_is_reported_and_the_service_runs_all_the_same(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    result = host.start(SyncService)
    monkeypatch.undo()

    assert [error.code for error in result.degraded] == ["stateNotSaved"]
    assert host.events("state_problem")[0].data["code"] == "stateNotSaved"
    assert host.state().desired_running is True
    assert bgsvc.is_service_running()


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StateFile(str(tmp_path), "sync").update(lambda _: OLD)

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(StateNotSavedError):
        write_new(tmp_path)
    monkeypatch.undo()

    assert StateFile(str(tmp_path), "sync").peek() == OLD
    assert not list(tmp_path.glob("*.tmp"))


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_new(tmp_path / "new")

    assert (tmp_path / "new").stat().st_mode & 0o77 == 0
    assert all(one.stat().st_mode & 0o77 == 0 for one in (tmp_path / "new").iterdir())


def test_what_is_wanted_can_be_changed_without_starting_or_stopping(host: FakeHost) -> None:
    host.start(SyncService)
    assert bgsvc.disable_auto_restart().running is False
    assert bgsvc.is_service_running()
    host.stop(reason=StopReason.PROCESS_EXIT)
    assert bgsvc.enable_auto_restart().running is True
    assert not bgsvc.is_service_running()
    assert bgsvc.get_desired_service_state().running is True


@pytest.mark.parametrize("reason", [one for one in StopReason if one is not StopReason.ERROR])
def test_the_reason_of_a_stop_decides_what_is_wanted(host: FakeHost, reason: StopReason) -> None:
    host.start(SyncService)
    host.stop(reason=reason)

    cleared = reason in {"userStop", "appStop", "nativeNotificationStop", "taskCompleted"}
    assert host.state().desired_running is not cleared
    assert host.desired["sync"] is not cleared
    assert StateFile(host.runtime.ports.state_dir, "sync").peek().desired_running is not cleared
