"""How launchd's jobs end, and which of them it starts again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bgsvc._os.service import LastExit, OsServiceState
from tests.native.macos.mac import APP, IS_MACOS, TICK, Mac, eventually, only_the_model

pytestmark = pytest.mark.native


def hurried(path: Path) -> Path:
    """Let launchd start a job again after a second."""
    before = path.read_bytes()
    path.write_bytes(before.replace(b"<integer>10</integer>", b"<integer>1</integer>"))
    assert path.read_bytes() != before
    return path


@only_the_model
def test_a_run_that_fails_is_started_again_by_launchd(mac: Mac) -> None:
    mac.install(hurried(mac.generate()))
    mac.launchd.start(TICK)
    first = mac.facts["pid"]

    (mac.folder / "fail").touch()

    assert eventually(lambda: mac.facts["pid"] != first)
    assert eventually(lambda: mac.status().restarts == 1)
    assert eventually(lambda: mac.status().state is OsServiceState.RUNNING)
    assert mac.status().last_exit == LastExit("exit-code", 1)


@only_the_model
def test_an_end_that_nobody_asked_for_is_another_start_where_it_is_to_run_always(mac: Mac) -> None:
    mac.install(hurried(mac.generate(restart="always")))
    mac.launchd.start(TICK)
    first = mac.facts["pid"]

    (mac.folder / "finish").touch()
    assert eventually(lambda: mac.facts["pid"] != first)
    assert eventually(lambda: mac.status().state is OsServiceState.RUNNING)
    second = mac.status()
    os.kill(mac.facts["pid"], signal.SIGTERM)

    assert (second.restarts, second.last_exit) == (1, LastExit("exit-code", 75))
    assert eventually(lambda: mac.status().restarts == 2)
    assert mac.diary[:3] == ["begun", "finished", "ended taskCompleted"]


@only_the_model
def test_launchd_lets_be_what_its_user_stopped_though_it_is_to_run_always(mac: Mac) -> None:
    mac.install(hurried(mac.generate(restart="always")))
    mac.launchd.start(TICK)

    words = ["-m", "bgsvc", "stop", "--name=tick", f"--app={APP}"]
    subprocess.run([sys.executable, *words], check=True)
    assert eventually(lambda: mac.status().last_exit is not None)
    stopped = mac.status()
    mac.reboot()
    assert eventually(lambda: mac.status().last_exit is not None)
    off = mac.launchctl.job(TICK)

    assert (stopped.detail, stopped.restarts) == ("not running", 0)  # and no spawn scheduled
    assert off is not None
    assert (off.state, off.runs, off.last_exit) == ("not running", 1, "0")
    assert mac.diary == ["begun", "ended userStop"]


def test_a_stop_takes_the_job_from_launchd_for_a_signal_would_start_it_again(mac: Mac) -> None:
    mac.install(mac.generate(restart="always"))
    mac.launchd.start(TICK)

    mac.launchd.stop(TICK)

    assert mac.launchctl.job(TICK) is None
    assert mac.diary == ["begun", "ended processExit"]
    if not IS_MACOS:
        verbs = [words[0] for words in mac.calls]
        assert verbs.count("bootout") == 1
        assert not {"kill", "load", "unload", "stop"} & set(verbs)


def test_a_service_that_does_not_end_is_killed_when_its_time_is_over(mac: Mac) -> None:
    mac.install(mac.generate("mac_trial:Deaf", timeout=0.2, restart="never"))
    mac.launchd.start(TICK)
    pid = mac.status().pid
    assert pid is not None

    mac.launchd.stop(TICK)

    assert mac.status().state is OsServiceState.INSTALLED
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_job_killed_by_force_is_told_so(mac: Mac) -> None:
    mac.install(mac.generate(restart="never"))
    mac.launchd.start(TICK)

    os.kill(mac.facts["pid"], signal.SIGKILL)

    assert eventually(lambda: mac.status().last_exit is not None)
    assert mac.status().last_exit == LastExit("signal", signal=9)
