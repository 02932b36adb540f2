"""The verbs of a Windows user's tasks, with a stand-in for `schtasks` that really runs them.

The stand-in is our reading of its documentation; Wine's stores a task and never runs one.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from xml.etree import ElementTree as ET

import pytest

from bgsvc import OsServiceState
from bgsvc._model.errors import ServiceInstallError
from bgsvc._os.errors import NeedsRootError, NotInstalledError, OsServiceError
from bgsvc._os.windows import processes
from bgsvc._os.windows import stop_event as ask
from bgsvc._os.windows.command import split
from bgsvc._os.windows.definition import TASK
from bgsvc._os.windows.schtasks import copy_of, folder_of
from bgsvc._os.windows.tasks import WindowsTasks

APP = f"com.example.trial{os.getpid()}"
"""One for each process: two that run tests at once are not to meet on one channel."""

LABEL = f"{APP}.sync"
ROOT = Path(__file__).parents[3]
GENERATED = """<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><URI>\\{app}\\sync</URI></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Principals><Principal id="Author"/></Principals>
  <Settings/>
  <Actions Context="Author"><Exec><Command>pythonw.exe</Command>
    <Arguments>-m bgsvc run {entry} --name=sync --app={app} --label={label} --boot\
</Arguments></Exec></Actions>
</Task>"""

UNREADY = """
from bgsvc import BackgroundService

class Unready(BackgroundService):
    def init(self, ctx):
        raise RuntimeError("not today")

    def run(self, ctx):
        pass
"""


class Scheduler:
    """The Task Scheduler: keeps tasks, runs one when it is told to."""

    def __init__(self) -> None:
        self.tasks: dict[str, bytes] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.calls: list[str] = []
        self.refuses: dict[str, bytes] = {}
        self.waits = False

    def __call__(self, verb: str, *words: str) -> "CompletedProcess[bytes]":
        self.calls.append(verb)
        if verb in self.refuses:
            return CompletedProcess((), 1, b"", self.refuses[verb])
        name = words[1]
        if verb == "/Create":
            self.tasks[name] = Path(words[3]).read_bytes()
        elif name not in self.tasks:
            return CompletedProcess((), 1, b"", b"ERROR: The system cannot find the file")
        elif verb == "/Run":
            self._run(self.tasks[name])
        elif verb == "/End":
            self.end_all()
        elif verb == "/Delete":
            del self.tasks[name]
        said = self.tasks.get(name, b"") if "/XML" in words else b""
        return CompletedProcess((), 0, said, b"")

    def end_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _run(self, content: bytes) -> None:
        action = ET.fromstring(content).find(f"{TASK}Actions/{TASK}Exec")  # noqa: S314 - ours
        assert action is not None
        words = split(action.findtext(f"{TASK}Arguments") or "")
        command = [action.findtext(f"{TASK}Command") or "", *words]
        paths = os.pathsep.join((str(ROOT), os.environ["HOME"]))
        environment = {**os.environ, "PYTHONPATH": paths}
        self.processes.append(
            subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL)
        )
        if self.waits:
            self.processes[-1].wait(30)


@pytest.fixture
def scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scheduler]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setenv("USERNAME", "Zoë")
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)

    def sigterm(process: int) -> bool:
        os.kill(process, signal.SIGTERM)
        return True

    monkeypatch.setattr(ask, "ask", sigterm)  # an event of Windows
    moments: dict[int, float] = {}
    monkeypatch.setattr(processes, "began", moments.get)  # nobody tells
    (tmp_path / "unready.py").write_text(UNREADY, encoding="utf-8")
    found = Scheduler()
    yield found
    found.end_all()


def generated(
    folder: Path, entry: str = "tests.runtime.services:SyncService", label: str = "x"
) -> str:
    path = folder / f"{LABEL}.task.xml"
    path.write_text(GENERATED.format(entry=entry, label=label, app=APP), encoding="utf-8")
    return str(path)


def install(tasks: WindowsTasks, path: str) -> None:
    tasks.install(tasks.read(path))


def eventually(condition: Callable[[], object]) -> bool:
    until = time.monotonic() + 30
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_task_is_installed_run_ended_and_removed(tmp_path: Path, scheduler: Scheduler) -> None:
    tasks = WindowsTasks(schedule=scheduler)
    before = tasks.status(LABEL)
    install(tasks, generated(tmp_path))
    fresh = tasks.status(LABEL)
    for _ in range(2):
        tasks.start(LABEL)
    running = tasks.status(LABEL)
    for _ in range(2):
        tasks.stop(LABEL)
    stopped = tasks.status(LABEL)
    for _ in range(2):
        tasks.uninstall(LABEL)

    assert before.state is OsServiceState.NOT_INSTALLED
    assert (fresh.state, fresh.enabled, fresh.findings) == (OsServiceState.INSTALLED, True, ())
    assert (running.state, running.pid) == (OsServiceState.RUNNING, scheduler.processes[0].pid)
    assert (stopped.state, stopped.pid) == (OsServiceState.INSTALLED, None)
    assert scheduler.processes[0].wait(10) == 0, "asked, and not ended"
    assert scheduler.calls.count("/Run") == 1
    assert "/End" not in scheduler.calls
    assert (scheduler.tasks, Path(folder_of(LABEL)).exists()) == ({}, False)
    assert tasks.status(LABEL).state is OsServiceState.NOT_INSTALLED


def test_an_upgrade_restarts_what_runs_and_what_is_the_same_goes_on(
    tmp_path: Path, scheduler: Scheduler
) -> None:
    tasks = WindowsTasks(schedule=scheduler)
    install(tasks, generated(tmp_path))
    tasks.start(LABEL)
    first = tasks.status(LABEL).pid
    install(tasks, generated(tmp_path))
    same = tasks.status(LABEL).pid

    install(tasks, generated(tmp_path, label="another"))

    assert same == first
    assert tasks.status(LABEL).pid not in {None, first}


def test_an_upgrade_that_does_not_start_puts_the_version_before_back(
    tmp_path: Path, scheduler: Scheduler
) -> None:
    tasks = WindowsTasks(schedule=scheduler)
    install(tasks, generated(tmp_path))
    tasks.start(LABEL)
    before = Path(copy_of(LABEL)).read_bytes()

    with pytest.raises(ServiceInstallError, match="the version before it is back"):
        install(tasks, generated(tmp_path, entry="unready:Unready"))

    assert Path(copy_of(LABEL)).read_bytes() == before
    assert scheduler.tasks == {f"\\{APP}\\sync": before}
    assert tasks.status(LABEL).state is OsServiceState.RUNNING


def test_a_task_that_the_scheduler_refuses_leaves_nothing(
    tmp_path: Path, scheduler: Scheduler
) -> None:
    scheduler.refuses["/Create"] = b"ERROR: Access is denied."
    tasks = WindowsTasks(schedule=scheduler)

    with pytest.raises(ServiceInstallError, match="nothing of it is left") as caught:
        install(tasks, generated(tmp_path))

    assert "administrator" in caught.value.fix
    assert isinstance(caught.value.__cause__, NeedsRootError)
    assert not Path(folder_of(LABEL)).exists()


@pytest.mark.parametrize("unseen", [False, True])
def test_a_service_that_cannot_begin_fails_its_start(
    tmp_path: Path, scheduler: Scheduler, *, unseen: bool
) -> None:
    """Even if its process came and went between two looks."""
    tasks = WindowsTasks(schedule=scheduler)
    scheduler.waits = unseen
    install(tasks, generated(tmp_path, entry="unready:Unready"))

    with pytest.raises(OsServiceError) as caught:
        tasks.start(LABEL)

    assert "ended while it started" in str(caught.value)
    assert f"logs {LABEL}" in caught.value.fix
    assert "".join(tasks.logs(LABEL, lines=50, follow=False))


def test_what_has_gone_behind_our_back_is_told(tmp_path: Path, scheduler: Scheduler) -> None:
    tasks = WindowsTasks(schedule=scheduler)
    install(tasks, generated(tmp_path))
    generated(tmp_path, label="changed")
    scheduler.tasks.clear()

    codes = {issue.code for issue in tasks.validate(LABEL)}

    assert codes == {"task_missing", "unit_differs"}
    assert tasks.status(LABEL).enabled is False


def test_what_is_not_installed_cannot_be_started_or_stopped(scheduler: Scheduler) -> None:
    tasks = WindowsTasks(schedule=scheduler)
    for verb in (tasks.start, tasks.stop, tasks.restart):
        with pytest.raises(NotInstalledError):
            verb(LABEL)
    tasks.uninstall(LABEL)
    assert "/Delete" not in scheduler.calls
