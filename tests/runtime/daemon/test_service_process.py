"""What holds for whole processes: signals, forks, locks, ends, and outputs that refuse."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bgsvc._cli.main import main
from bgsvc._lite.dataclasses import replace
from bgsvc._lite.guards import is_object
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.snapshot import RunRecord
from bgsvc._storage.locks import InstanceLock, run_lock
from bgsvc._storage.state_file import StateFile
from tests.runtime.processes import ENTRY, ENVIRONMENT, TIMEOUT_S, command, ended, hosted, on_disk

ROUGH = "tests.runtime.rough_services:"


def services_of(folder: Path) -> "list[dict[str, object]]":
    """Return what `python -m bgsvc state` says of every service."""
    said = command("state", "--json", "--data-dir", folder).stdout
    services: list[dict[str, object]] = json.loads(said)["services"]
    return services


def state_of(folder: Path) -> "dict[str, object]":
    """Return what it says of the only one."""
    (service,) = services_of(folder)
    return service


def history_of(folder: Path, service: str = "sync") -> "list[dict[str, object]]":
    """Return the runs that are remembered."""
    said = on_disk(folder, service)
    history: list[dict[str, object]] = json.loads(json.dumps(said["history"]))
    return history


def wait_until(holds: Callable[[], bool]) -> None:
    """Try until something holds, which it must within bounds."""
    until = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def run_app(folder: Path, text: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run an app that has services, written as a script, to its end."""
    start = f"from bgsvc import *\nimport os, sys, threading\nconfigure(data_dir={str(folder)!r})\n"
    return ended([sys.executable, "-c", start + text, str(folder)], environment)


def test_a_signal_that_a_service_has_a_use_for_does_not_stop_it(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}HearingService", HEAR="1") as told:
        told.until("started")
        told.process.send_signal(signal.SIGUSR1)

        assert told.until("heard") == {"toldToStop": False}
        told.process.terminate()
        assert told.until("stopped") == {"reason": "processExit"}


def test_a_forked_child_can_be_terminated_and_its_parent_goes_on(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}ParentService") as told:
        assert told.until("child") == {"alive": False, "toldToStop": False}


def test_a_child_that_outlives_its_parent_does_not_keep_the_parents_lock(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}OutlivedService") as told:
        child = told.until("child")["pid"]
        assert isinstance(child, int)
        told.process.kill()
        told.process.wait(20)
        try:
            assert InstanceLock(str(tmp_path / "bgsvc"), "outlived").holder() is None
            with hosted(tmp_path, entry=f"{ROUGH}OutlivedService") as again:
                other = again.until("child")["pid"]
                assert isinstance(other, int)
                os.kill(other, signal.SIGKILL)
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    ("way", "status"), [("exit", 3), ("say", 1), ("raise", 1), ("return", 0), ("await", 4)]
)
def test_a_forked_child_that_leaves_by_its_parents_way_says_and_keeps_nothing(
    tmp_path: Path, way: str, status: int
) -> None:
    service = "AsyncChildService" if way == "await" else "FailedChildService"
    with hosted(tmp_path, "--name", "failed-child", entry=ROUGH + service, WAY=way) as told:
        assert told.process.stdout is not None
        said = [json.loads(told.process.stdout.readline()) for _ in range(2)]

        assert [line["event"] for line in said] == ["started", "childLeft"]
        assert said[1]["data"] == {"status": status}
        assert on_disk(tmp_path, "failed-child")["current"] is not None


def test_a_forked_child_leaves_though_a_thread_of_its_parent_was_speaking(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}StuckErrorsService") as told:
        assert told.until("childLeft") == {"status": 0}
        assert told.until("stopped") == {"reason": "taskCompleted"}


def test_stopping_what_died_under_its_lock_says_that_it_does_not_run(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    lock = InstanceLock(str(tmp_path / "bgsvc"), "sync")
    assert lock.acquire()
    (tmp_path / "bgsvc" / "sync.pid").write_text(f"{dead.pid}\n")

    found = command("stop", ENTRY, "--data-dir", tmp_path)
    assert (found.returncode, found.stderr.split()[:2]) == (2, ["bgsvc:", "notRunning:"])
    lock.release()


def test_a_lock_given_back_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "sync.pid").write_text("4194304000\n")  # of a process that was killed
    lock = InstanceLock(str(tmp_path), "sync")
    assert lock.acquire()
    assert lock.holder() == os.getpid()
    assert (tmp_path / "sync.pid").read_text() == f"{os.getpid()}\n"
    lock.release()

    assert (tmp_path / "sync.pid").read_text() == ""
    assert lock.holder() is None


def test_those_who_look_at_a_lock_do_not_keep_anybody_from_taking_it(tmp_path: Path) -> None:
    lock = InstanceLock(str(tmp_path), "sync")
    assert lock.acquire()
    lock.release()
    code = (
        "from bgsvc._storage.locks import InstanceLock\n"
        f"lock = InstanceLock({str(tmp_path)!r}, 'sync')\n"
        "lock.holder()\nprint(flush=True)\nwhile True: lock.holder()"
    )
    looking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            code,
        ],
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    try:
        assert looking.stdout is not None
        looking.stdout.readline()
        for _ in range(300):
            assert lock.acquire()
            lock.release()
    finally:
        looking.kill()
        looking.communicate()


def test_a_start_waits_for_somebody_who_just_looks_at_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_away(_: float) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)

    path = tmp_path / "sync.pid"
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", look_away)
        lock = InstanceLock(str(tmp_path), "sync")
        assert lock.acquire()
        lock.release()


def test_stopping_what_ends_at_that_moment_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: int, number: int) -> None:
        if number:
            raise ProcessLookupError

    lock = InstanceLock(str(tmp_path / "bgsvc"), "sync")
    assert lock.acquire()
    monkeypatch.setattr(os, "kill", gone)
    assert main(["stop", ENTRY, "--data-dir", str(tmp_path)]) == 0
    lock.release()


def test_a_lock_that_somebody_looks_at_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "sync.pid"
    path.touch()
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert InstanceLock(str(tmp_path), "sync").holder() is None


def test_a_disk_too_full_for_the_process_id_does_not_stop_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    lock = InstanceLock(str(tmp_path), "sync")
    monkeypatch.setattr(os, "write", full)
    assert lock.acquire()

    assert lock.trouble is not None
    assert lock.trouble.code == "stateNotSaved"
    assert lock.holder() == 0
    lock.release()


def test_an_app_gives_the_work_it_promised_time_to_finish(tmp_path: Path) -> None:
    app = (
        "def work(task):\n"
        "    threading.Event().wait(0.5)\n"
        "    print('saved', flush=True)\n"
        "    finish(task)\n"
        "before_exit(work)\n"
    )
    found = run_app(tmp_path, app)

    assert (found.returncode, found.stdout, found.stderr) == (0, "saved\n", "")


def test_work_that_is_unfinished_at_the_bound_is_told_ended_and_counted(tmp_path: Path) -> None:
    app = (
        "import bgsvc._app.current\n"
        "bgsvc._app.current.EXIT_GRACE = 0.2\n"
        "def say(*words): os.write(1, f'{words}\\n'.encode())\n"  # in one piece
        "on_plugin_event(lambda event: say(event.event, event.data['count']))\n"
        "def work():\n"
        "    with finite_task('upload') as task:\n"
        "        task.on_expire(lambda: say('told'))\n"
        "        begun.set()\n"
        "        threading.Event().wait()\n"
        "begun = threading.Event()\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "begun.wait()\n"
    )
    found = run_app(tmp_path, app)

    assert (found.returncode, found.stderr) == (0, "")
    assert sorted(found.stdout.splitlines()) == ["('finite_task_expired', 1)", "('told',)"]


def test_a_process_of_its_own_waits_for_the_work_its_service_promised(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}UploadService") as told:
        told.until("stopped")
        assert told.process.wait(20) == 0
    assert (tmp_path / "services" / "upload" / "uploaded").exists()


def test_an_app_that_ends_stops_its_services_and_tells_its_listeners(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        ctx.shutdown.wait()\n"
        "    def shutdown(self, ctx, reason):\n"
        "        os.write(1, f'{reason.value}\\n'.encode())\n"
        "started = threading.Event()\n"
        "def hear(event):\n"
        "    if started.is_set():\n"
        "        threading.Event().wait(0.2)\n"  # still busy when all else has ended
        "    os.write(1, f'{event.event}\\n'.encode())\n"
        "    started.set()\n"
        "on_plugin_event(hear)\n"
        "start_service(SyncService)\n"
        "started.wait()\n"
    )
    found = run_app(tmp_path, app)

    assert found.returncode == 0
    assert found.stderr == ""
    assert found.stdout.splitlines() == ["started", "processExit", "stopped"]


def test_a_listener_of_the_last_moment_hears_how_it_ended(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        started.set()\n"
        "        ctx.shutdown.wait()\n"
        "started = threading.Event()\n"
        "start_service(SyncService)\n"
        "started.wait()\n"
        "on_plugin_event(lambda event: print(event.event, flush=True))\n"
    )
    found = run_app(tmp_path, app)

    assert (found.stdout, found.stderr) == ("stopped\n", "")


def test_an_app_that_ends_does_not_wait_for_a_service_stuck_in_a_callback(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        ctx.shutdown.on_set(lambda: threading.Event().wait())\n"
        "        started.set()\n"
        "        ctx.shutdown.wait()\n"
        "started = threading.Event()\n"
        "start_service(SyncService)\n"
        "started.wait()\n"
    )
    assert run_app(tmp_path, app).returncode == 0


@pytest.mark.parametrize(
    ("service", "status"), [("BusyThreadService", 70), ("LeftThreadService", 0)]
)
def test_a_process_leaves_soon_after_its_service_stopped(
    tmp_path: Path, service: str, status: int
) -> None:
    with hosted(tmp_path, "--stop-timeout", "1", entry=ROUGH + service) as told:
        told.until("started")
        told.process.terminate()
        told.until("stopped")

        assert told.process.wait(10) == status


def test_a_process_stays_for_restarts_that_follow_at_once(tmp_path: Path) -> None:
    restart = {"on": "failure", "delay": 0, "limit": 100}
    config = {"name": "flapping", "entry": f"{ROUGH}FlappingService", "restart": restart}
    with hosted(tmp_path, "--config", json.dumps(config)) as told:
        told.until("good")
        told.process.terminate()
        assert told.process.wait(20) == 0


def test_a_forked_child_of_an_app_leaves_at_once(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        started.set()\n"
        "        ctx.shutdown.wait()\n"
        "    def shutdown(self, ctx, reason):\n"
        "        print('ended', os.getpid() == parent, flush=True)\n"
        "parent, started = os.getpid(), threading.Event()\n"
        "start_service(SyncService)\n"
        "started.wait()\n"
        "reader, writer = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.close(reader)\n"
        "    sys.exit(7)\n"
        "os.close(writer)\n"
        "import select\n"
        "print(bool(select.select([reader], [], [], 5)[0]), flush=True)\n"
        "print(os.waitpid(child, 0)[1] >> 8, flush=True)\n"
    )
    found = run_app(tmp_path, app, PYTHONWARNINGS="ignore")

    assert found.stdout.splitlines() == ["True", "7", "ended True"]


@pytest.mark.parametrize("kind", ["file", "below a file", "read-only"])
def test_a_folder_that_cannot_be_used_is_an_error_with_a_fix(tmp_path: Path, kind: str) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    folders = {"file": taken, "below a file": taken / "below", "read-only": Path("/proc/self")}
    found = command("run", ENTRY, "--data-dir", folders[kind])

    assert found.returncode == 2
    assert found.stderr.startswith("bgsvc: stateNotSaved: ")
    assert "\n  fix: " in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", ">&- 2>&-", ">/dev/full 2>/dev/full"])
def test_an_output_that_takes_nothing_is_mentioned_once(
    tmp_path: Path, redirection: str, options: list[str]
) -> None:
    entry = f"{ROUGH}ForeignService"
    words = [sys.executable, "-m", "bgsvc", "run", entry, "--data-dir", str(tmp_path), *options]
    found = ended(["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *words])
    assert found.returncode == 0
    assert len(found.stderr.splitlines()) <= 1
    assert on_disk(tmp_path, "foreign")["current"] is None


def test_an_event_that_a_terminal_cannot_show_is_shown_all_the_same(tmp_path: Path) -> None:
    found = command(
        "run", f"{ROUGH}ForeignService", "--data-dir", tmp_path, PYTHONIOENCODING="ascii"
    )
    assert "text=gr\\xf6\\xdfer" in found.stdout
    assert found.stderr == ""


@pytest.mark.parametrize("home", ["~", "relative"])
def test_a_user_without_a_home_gets_an_error_instead_of_a_folder_named_so(home: str) -> None:
    found = command("state", HOME=home, XDG_STATE_HOME="")

    assert found.returncode == 2
    assert found.stderr.startswith("bgsvc: platform: ")
    assert "--data-dir" in found.stderr


@pytest.mark.parametrize("number", ["1.7e308", "-1", "1.5", "1" + "0" * 400])
def test_a_run_number_that_nobody_can_have_written_is_damage(tmp_path: Path, number: str) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
    path = tmp_path / "bgsvc" / "sync.json"
    path.write_text(path.read_text().replace('"run": 1', f'"run": {number}'))

    with hosted(tmp_path) as told:
        assert told.until("state_problem")["code"] == "stateDamaged"
        told.until("started")
    assert on_disk(tmp_path)["run"] == 1


@pytest.mark.parametrize("way", ["stop", "signal"])
def test_the_state_says_that_a_service_was_told_to_stop_and_has_not_yet(
    tmp_path: Path, way: str
) -> None:
    deaf = "tests.runtime.services:ReallyDeafService"
    with hosted(tmp_path, "--stop-timeout", "60", entry=deaf) as told:
        told.until("deaf")
        assert state_of(tmp_path)["state"] == "running"
        words = ["stop", "--name", "really-deaf", "--data-dir", tmp_path]
        stopping = threading.Thread(target=command, args=words)  # it waits for the end
        if way == "stop":
            stopping.start()
        else:
            told.process.terminate()

        wait_until(lambda: state_of(tmp_path)["state"] == "stopping")
        told.process.kill()
    if way == "stop":
        stopping.join()


def test_a_stop_waits_for_the_end_and_says_what_came_of_it(tmp_path: Path) -> None:
    deaf = "tests.runtime.services:ReallyDeafService"
    with hosted(tmp_path, "--stop-timeout", "0.5", entry=deaf) as told:
        told.until("deaf")
        found = command("stop", "--name", "really-deaf", "--data-dir", tmp_path)

        first, last = found.stdout.splitlines()
        assert (found.returncode, first) == (0, "really-deaf: stopped, not wanted")
        assert last.startswith("  run 1 ")
        assert "  userStop, ended hard: stopTimeout " in last
        assert told.process.wait(20) == 70


def test_a_stop_of_a_process_that_does_not_answer_says_so_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bgsvc._cli.stop.MARGIN", 0.2)
    with hosted(tmp_path, "--stop-timeout", "1") as told:
        told.until("started")
        told.process.send_signal(signal.SIGSTOP)

        assert main(["stop", ENTRY, "--data-dir", str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith("bgsvc: stillStopping: sync was told to stop and")
        told.process.send_signal(signal.SIGCONT)
        assert told.until("stopped") == {"reason": "userStop"}


def test_the_state_lists_every_run_that_is_remembered_and_the_one_under_way(
    tmp_path: Path,
) -> None:
    error = {"code": "runtime", "message": "ValueError: two\nlines", "fix": ""}
    runs = [
        RunRecord(number, StartReason.USER, 1e9, 1e9 + 1, StopReason.ERROR, error)
        for number in range(1, 8)
    ]
    file = StateFile(str(tmp_path / "bgsvc"), "sync")
    file.update(lambda saved: replace(saved, run=7, history=tuple(runs)))
    with hosted(tmp_path) as told:
        told.until("started")
        _, current, *lines = command("state", "--data-dir", tmp_path).stdout.splitlines()
        under_way = state_of(tmp_path)["current"]

    assert current.startswith("  run 8  ")
    assert current.endswith(" to now  started by user")
    assert len(lines) == 7
    assert all(line.endswith("error: runtime ValueError: two lines") for line in lines)
    assert is_object(under_way)
    assert (under_way["run"], under_way["startReason"]) == (8, "user")


def test_the_state_says_that_a_service_has_not_begun_yet(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=f"{ROUGH}SlowInitService") as told:
        wait_until(lambda: bool(services_of(tmp_path)))
        wait_until(lambda: state_of(tmp_path)["state"] == "initializing")
        told.process.kill()


def test_the_state_says_when_a_service_starts_again(tmp_path: Path) -> None:
    restart = {"on": "failure", "delay": 1000, "maxDelay": 1000}
    config = {"name": "flapping", "entry": f"{ROUGH}FlappingService", "restart": restart}
    with hosted(tmp_path, "--config", json.dumps(config)) as told:
        promised = told.until("stopped")["restartIn"]
        state = state_of(tmp_path)
        assert isinstance(promised, float)
        assert isinstance(state["restartIn"], float)
        assert promised - 60 < state["restartIn"] <= promised
        assert (state["state"], state["pid"]) == ("stopped", told.process.pid)
        found = command("state", "--data-dir", tmp_path).stdout
        assert "  starts again in " in found
        told.process.terminate()
        assert told.process.wait(20) == 1
    assert state_of(tmp_path)["restartIn"] is None


def test_a_process_whose_service_cannot_be_started_again_ends_and_says_so(tmp_path: Path) -> None:
    restart = {"on": "failure", "delay": 0.2}
    config = {"name": "flapping", "entry": f"{ROUGH}FlappingService", "restart": restart}
    lock = run_lock(str(tmp_path / "bgsvc"), "flapping")
    with hosted(tmp_path, "--config", json.dumps(config)) as told:
        told.until("started")
        wait_until(lock.acquire)  # between two runs
        assert told.until("restart_failed")["code"] == "alreadyRunning"
        assert told.process.wait(20) == 1
    lock.release()


def test_an_app_is_not_configured_anew_around_a_service_that_runs(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        ctx.shutdown.wait()\n"
        "def try_it():\n"
        "    try:\n"
        "        configure(data_dir=sys.argv[1] + '/other')\n"
        "    except BackgroundServiceError as error:\n"
        "        print(error.code, bool(error.fix))\n"
        "start_service(SyncService)\n"
        "try_it()\n"
        "print(stop_service('sync').state)\n"
        "try_it()\n"
        "print(start_service(SyncService).run)\n"
    )
    found = run_app(tmp_path, app)

    assert found.stdout.splitlines() == ["alreadyRunning True", "stopped", "1"]


def test_the_state_of_a_service_in_an_app_is_not_that_of_a_dead_one(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        ctx.shutdown.wait()\n"
        "started = threading.Event()\n"
        "on_plugin_event(lambda _: started.set())\n"
        "start_service(SyncService)\n"
        "started.wait()\n"
        "import subprocess\n"
        "words = [sys.executable, '-m', 'bgsvc']\n"
        "options = ['--name', 'sync', '--data-dir', sys.argv[1]]\n"
        "subprocess.run([*words, 'state', '--json', *options])\n"
        "subprocess.run([*words, 'stop', *options])\n"
        "print(os.getpid(), is_service_running(), flush=True)\n"
    )
    found = run_app(tmp_path, app)

    lines = found.stdout.splitlines()
    state = json.loads(lines[0])["services"][0]
    assert (state["state"], state["lost"]) == ("running", False)
    assert lines[1] == f"{state['pid']} True"
    assert found.stderr.startswith("bgsvc: platform: sync runs inside another program, process ")
    assert on_disk(tmp_path)["desiredRunning"] is True


def test_a_run_of_a_live_process_is_never_remembered_as_lost(tmp_path: Path) -> None:
    app = (
        "class SyncService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        ctx.shutdown.wait()\n"
        "try:\n"
        "    start_service(SyncService)\n"
        "except BackgroundServiceError as error:\n"
        "    print(error.code)\n"
    )
    with hosted(tmp_path) as told:
        told.until("started")
        assert run_app(tmp_path, app).stdout == "alreadyRunning\n"
        saved = on_disk(tmp_path)
        assert (saved["run"], saved["history"]) == (1, [])
        told.process.terminate()
        assert told.until("stopped") == {"reason": "processExit"}
    assert [entry["ended"] is None for entry in history_of(tmp_path)] == [False]
