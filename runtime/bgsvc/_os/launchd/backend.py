"""launchd: agents of a user, daemons of the machine."""

from __future__ import annotations

import os
import time

from bgsvc._model.errors import ServiceInstallError, ServiceUninstallError
from bgsvc._os.errors import (
    NoServiceManagerError,
    NotInstalledError,
    OsServiceError,
    OsServiceTimeoutError,
)
from bgsvc._os.installed import read_command
from bgsvc._os.launchd import installing, plist
from bgsvc._os.launchd.files import Places
from bgsvc._os.launchd.launchctl import POLL_INTERVAL_S, Launchctl
from bgsvc._os.program import refuse_without_root
from bgsvc._os.service import OsService, OsServiceStatus, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bgsvc._model.platform_reports import SetupIssue
    from bgsvc._os.installed import InstalledCommand

STOP_MARGIN_S = 10.0
"""Seconds beyond the job's own time to end that we wait for launchd."""

START_TIMEOUT_S = 60.0


class Launchd:
    """The jobs of one of launchd's domains.

    A job is loaded when it is started, and by launchd itself at each login or boot: whatever is
    loaded and has `RunAtLoad` or `KeepAlive` starts at once, and an installation starts nothing.

    Args:
        scope: Whose jobs.
        launchctl: The command, where it is not macOS' own.
        places: Where its files are, if not where launchd looks.
    """

    def __init__(
        self, scope: Scope, launchctl: Launchctl | None = None, places: Places | None = None
    ) -> None:
        self.scope = scope
        self._launchctl = launchctl or Launchctl(scope)
        self._places = places or Places(scope)

    def read(self, path: str) -> OsService:
        """Return the service that a generated property list defines, for this interpreter."""
        return plist.read_service(path, self.scope)

    def holds(self, label: str) -> bool:
        """Return whether the job's file is where launchd looks for it."""
        return os.path.lexists(self._places.file(label))

    def install(self, service: OsService) -> None:
        """Write the file; one that runs goes on with what is new."""
        label = service.label
        self._require_rights("install", service.source or label)
        content = installing.build_plist(service, self._places)
        before, job = self._places.content(label), self._launchctl.job(label)
        try:
            self._places.make(service)
            if before != content:
                if job is not None:
                    self._launchctl.unload(label, self._patience(label))
                self._places.write(label, content)
            self._places.settle(label)
            self._launchctl.enable(label)
            if before != content and job is not None and job.pid is not None:
                self._load(label)
                self._begin(label)
        except BaseException as error:
            undone = self._put_back(label, before, runs=job is not None and job.pid is not None)
            if not isinstance(error, Exception):
                raise
            text = f"{label} was not installed: {error}; {undone}"
            raise ServiceInstallError(text, fix=getattr(error, "fix", "")) from error

    def uninstall(self, label: str) -> None:
        """End the job, take it from launchd, and remove its file and its log."""
        self._require_rights("uninstall", label)
        if self._launchctl.job(label) is not None:
            self._launchctl.unload(label, self._patience(label))
        try:
            os.remove(self._places.file(label))
        except FileNotFoundError:
            pass
        except OSError as error:
            text = f"{label} is stopped, but its file stays: {error}"
            fix = f"remove {self._places.file(label)}"
            raise ServiceUninstallError(text, fix=fix) from error
        self._places.remove(label)

    def start(self, label: str) -> None:
        """Load the job if it is not, start it, and wait until its `init` is done."""
        self._require_rights("start", label)
        self._require_there(label)
        self._hosted(label).set_desired_running()
        if self._launchctl.job(label) is None:
            self._load(label)
        self._begin(label)

    def stop(self, label: str) -> None:
        """Take the job from launchd: a signal would only make it start again."""
        self._require_rights("stop", label)
        self._require_there(label)
        if self._launchctl.job(label) is not None:
            self._launchctl.unload(label, self._patience(label))

    def restart(self, label: str) -> None:
        """Take the job from launchd if it is there, and start it anew."""
        self._require_rights("restart", label)
        self.stop(label)
        self.start(label)

    def status(self, label: str) -> OsServiceStatus:
        """Return what launchd says, and what is wrong."""
        from bgsvc._os.launchd.status import status_of

        return status_of(label, self._launchctl, self._places)

    def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what the service wrote into its file."""
        from bgsvc._os.log_file import last_lines

        self._require_there(label)
        path = self._hosted(label).log or self._places.log(label)
        return last_lines(path, lines, follow=follow)

    def validate(self, label: str) -> tuple[SetupIssue, ...]:
        """Return what is wrong with launchd, this user or the installed job."""
        return self.status(label).findings

    def _load(self, label: str) -> None:
        """Let launchd read the file; one that was disabled would be refused."""
        self._launchctl.enable(label)
        done = self._launchctl.run("bootstrap", self._launchctl.domain, self._places.file(label))
        if done.returncode and self._launchctl.job(label) is None:
            said = done.stderr.strip().split("\n")[0] or f"exit status {done.returncode}"
            fix = f"look at its owner and mode, and: plutil -lint {self._places.file(label)}"
            raise OsServiceError(f"launchd refused {label}: {said}", fix=fix)

    def _begin(self, label: str) -> None:
        """Start a loaded job and wait until its service runs."""
        before = self._launchctl.job(label)
        if before is None or before.pid is None:
            done = self._launchctl.run("kickstart", self._launchctl.target(label))
            if done.returncode:
                raise OsServiceError(f"launchd did not start {label}: {done.stderr.strip()}")
        service = self._hosted(label)
        runs = before.runs if before and before.pid is None else None
        fix = f"look at what it says: python -m bgsvc logs {label}"
        until = time.monotonic() + START_TIMEOUT_S
        while not service.ready():
            job = self._launchctl.job(label)
            if job is not None and job.pid is None and job.last_exit and job.runs != runs:
                raise OsServiceError(f"{label} ended while it started: {job.last_exit}", fix=fix)
            if time.monotonic() > until:
                raise OsServiceTimeoutError(f"{label} does not get to run", fix=fix)
            time.sleep(POLL_INTERVAL_S)

    def _put_back(self, label: str, before: bytes | None, *, runs: bool) -> str:
        """Return what came of undoing an installation that failed."""
        try:
            if self._launchctl.job(label) is not None:
                self._launchctl.unload(label, self._patience(label))
            if before is None:
                if self.holds(label):
                    os.remove(self._places.file(label))
                self._places.remove(label)
                return "nothing of it is left"
            self._places.write(label, before)
            if not runs:
                return "the version before it is back"
            self._load(label)
            self._begin(label)
        except (OSError, OsServiceError, OsServiceTimeoutError, NoServiceManagerError) as error:
            return f"and the version before it could not be put back: {error}"
        return "the version before it runs again"

    def _hosted(self, label: str) -> InstalledCommand:
        keys = self._places.keys(label)
        return read_command([str(word) for word in keys.get("ProgramArguments", ())])

    def _patience(self, label: str) -> float:
        return float(self._places.keys(label).get("ExitTimeOut", 20)) + STOP_MARGIN_S

    def _require_there(self, label: str) -> None:
        if not self.holds(label):
            raise NotInstalledError(f"there is no {self._places.file(label)}")

    def _require_rights(self, verb: str, word: str) -> None:
        if self.scope is Scope.SYSTEM:
            refuse_without_root(verb, word, "--scope", "system")
