"""The tasks of a Windows user, through the Task Scheduler's own command."""

from __future__ import annotations

import os
import shutil
import time

from bgsvc._model.errors import ServiceInstallError, ServiceUninstallError
from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.errors import (
    DefinitionError,
    NotInstalledError,
    OsServiceError,
    OsServiceTimeoutError,
)
from bgsvc._os.installed import channel_answers
from bgsvc._os.origin_note import note_of
from bgsvc._os.provenance import read_origin
from bgsvc._os.service import OsService, OsServiceState, OsServiceStatus, Scope
from bgsvc._os.windows.definition import build_task, read_generated
from bgsvc._os.windows.schtasks import (
    command_of,
    copy_of,
    decoded,
    folder_of,
    hosted_by,
    refused,
    schtasks,
    starts_at_logon,
    task_name,
    user,
)
from bgsvc._os.windows.task_findings import findings, read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bgsvc._os.windows.schtasks import Schedule

START_TIMEOUT_S = 30.0
END_TIMEOUT_S = 15.0
POLL_INTERVAL_S = 0.05


class WindowsTasks:
    """The tasks of this user; a task runs while the user is logged on.

    Args:
        scope: The user's alone.
        schedule: What runs the scheduler's command.
    """

    def __init__(self, scope: Scope = Scope.USER, schedule: Schedule | None = None) -> None:
        self.scope = scope
        self._schedule = schedule or schtasks

    def read(self, path: str) -> OsService:
        """Return the service of a task's file, for this interpreter."""
        return read_generated(path, self.scope)

    def holds(self, label: str) -> bool:
        """Return whether this user has installed the task."""
        return os.path.isfile(copy_of(label))

    def install(self, service: OsService) -> None:
        """Register the task, or replace it; one that runs is restarted if it differs."""
        label = service.label
        if service.scope is not Scope.USER:
            raise DefinitionError(f"{label} is for the system, not for the user")
        content = content_of(service)
        before = read_bytes(copy_of(label))
        runs = before is not None and hosted_by(label).process() is not None
        try:
            os.makedirs(folder_of(label), exist_ok=True)
            _write(copy_of(label), content)
            self._register(label, service.source or label)
            if runs and before != content:
                self.restart(label)
        except BaseException as error:
            undone = self._put_back(label, before, runs=runs)
            if not isinstance(error, Exception):
                raise
            text = f"{label} was not installed: {error}; {undone}"
            raise ServiceInstallError(text, fix=getattr(error, "fix", "")) from error

    def uninstall(self, label: str) -> None:
        """End the task, delete it, and remove its log."""
        if self.holds(label):
            self.stop(label)
        if self._is_registered(label):
            done = self._schedule("/Delete", "/TN", task_name(label), "/F")
            if done.returncode or self._is_registered(label):
                error = refused(done, f"{label} was not deleted", "uninstall", label)
                raise ServiceUninstallError(str(error), fix=getattr(error, "fix", "")) from error
        try:
            shutil.rmtree(folder_of(label))
        except FileNotFoundError:
            return
        except OSError as error:
            text = f"{label} is deleted, but not its log: {error}"
            raise ServiceUninstallError(text, fix=f"delete {folder_of(label)}") from error

    def start(self, label: str) -> None:
        """Run the task, and wait until its service's `init` is done."""
        self._require(label)
        service = hosted_by(label)
        before, seen = service.last_run(), service.process() is not None
        if not seen:
            service.set_desired_running()
            done = self._schedule("/Run", "/TN", task_name(label))
            if done.returncode:
                raise refused(done, f"{label} was not started", "start", label)
        fix = f"look at what it says: python -m bgsvc logs {label}"
        until = time.monotonic() + START_TIMEOUT_S
        while not service.ready():
            # In this order: a run that was begun by a process which is gone now has ended.
            begun = seen or service.last_run() != before
            seen = service.process() is not None
            if begun and not seen:
                raise OsServiceError(f"{label} ended while it started", fix=fix)
            if time.monotonic() > until:
                text = f"{label} does not run {START_TIMEOUT_S:g} seconds after its start"
                raise OsServiceTimeoutError(text, fix=fix)
            time.sleep(POLL_INTERVAL_S)

    def stop(self, label: str) -> None:
        """Ask the service to end, and only then let the scheduler end what is left."""
        self._require(label)
        from bgsvc._os.windows.stop_event import ask

        service = hosted_by(label)
        process = service.process()
        if process is None:
            return
        timeout = service.stop_timeout + 5.0
        if not ask(process) or not _within(lambda: service.process() is None, timeout):
            self._schedule("/End", "/TN", task_name(label))
            if not _within(lambda: service.process() is None, END_TIMEOUT_S):
                raise OsServiceTimeoutError(f"{label} does not end")

    def restart(self, label: str) -> None:
        """Stop the task's process if there is one, then run it."""
        self.stop(label)
        self.start(label)

    def status(self, label: str) -> OsServiceStatus:
        """Return what the scheduler knows, and whether a process hosts the service."""
        done = self._schedule("/Query", "/TN", task_name(label), "/XML")
        there = self.holds(label)
        if done.returncode and not there:
            return OsServiceStatus(label, self.scope, OsServiceState.NOT_INSTALLED)
        service = hosted_by(label)
        process = service.process()
        runs = process is not None and service.runs()
        return OsServiceStatus(
            label,
            self.scope,
            OsServiceState.RUNNING if runs else OsServiceState.INSTALLED,
            enabled=not done.returncode and starts_at_logon(decoded(done.stdout)),
            lingering=False,
            pid=process,
            since=_began(process),
            ipc_connected=channel_answers(command_of(label), self.scope) if runs else None,
            definition=copy_of(label) if there else None,
            findings=tuple(findings(label, registered=not done.returncode)),
        )

    def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what the service wrote into its file."""
        from bgsvc._os.log_file import last_lines

        self._require(label)
        path = hosted_by(label).log or os.path.join(folder_of(label), "service.log")
        return last_lines(path, lines, follow=follow)

    def validate(self, label: str) -> tuple[SetupIssue, ...]:
        """Return what is wrong with the installed task."""
        return self.status(label).findings

    def _register(self, label: str, word: str) -> None:
        done = self._schedule("/Create", "/TN", task_name(label), "/XML", copy_of(label), "/F")
        if done.returncode:
            raise refused(done, "the Task Scheduler does not take it", "install", word)

    def _put_back(self, label: str, before: bytes | None, *, runs: bool) -> str:
        """Return what came of undoing an installation that failed."""
        try:
            if before is None:
                if self._is_registered(label):
                    self._schedule("/Delete", "/TN", task_name(label), "/F")
                shutil.rmtree(folder_of(label), ignore_errors=True)
                return "nothing of it is left"
            _write(copy_of(label), before)
            self._register(label, label)
            if runs:
                self.start(label)
        except (OSError, OsServiceError, OsServiceTimeoutError) as error:
            return f"and the version before it could not be put back: {error}"
        return "the version before it is back"

    def _is_registered(self, label: str) -> bool:
        return self._schedule("/Query", "/TN", task_name(label)).returncode == 0

    def _require(self, label: str) -> None:
        if not self.holds(label):
            raise NotInstalledError(f"{label} is not installed")


def content_of(service: OsService) -> bytes:
    """Return the file to register: UTF-16, which every version of the scheduler reads."""
    log = service.log or os.path.join(folder_of(service.label), "service.log")
    text = build_task(service, f"--log={log}", user=user())
    if service.source is not None:
        text += note_of(read_origin(service.source, service.definition))
    return text.encode("utf-16")


def _began(process: int | None) -> float | None:
    if not process:
        return None
    from bgsvc._os.windows.processes import began

    return began(process)


def _within(condition: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_INTERVAL_S)
    return True


def _write(path: str, content: bytes) -> None:
    with open(f"{path}.new", "wb") as file:
        file.write(content)
    os.replace(f"{path}.new", path)
