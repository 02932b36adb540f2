"""launchd, through the one command that Apple has for it."""

from __future__ import annotations

import os
import re
import time

from bgsvc._lite.dataclasses import dataclass
from bgsvc._os.errors import NoServiceManagerError, OsServiceError, OsServiceTimeoutError
from bgsvc._os.service import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import CompletedProcess

NOT_FOUND = 113
"""What `print` and `kickstart` end with for a job that is not loaded."""

GONE, IN_PROGRESS = 3, 36
"""What `bootout` ends with: there is no such job; it is being ended."""

POLL_INTERVAL_S = 0.05
_FIELD = re.compile(r"^\t(state|pid|last exit code|runs) = (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """A loaded job, as `launchctl print` shows it; Apple calls the text no interface.

    Attributes:
        state: launchd's word, such as `running` or `not running`.
        pid: Its process; None if there is none.
        last_exit: launchd's words on its last end; empty if it has never ended.
        runs: How often it was started since it was loaded; None if that is not told.
    """

    state: str
    pid: int | None
    last_exit: str
    runs: int | None


class Launchctl:
    """`launchctl`, for one domain.

    Args:
        scope: Whose jobs.
        program: The command.
    """

    def __init__(self, scope: Scope, program: str = "/bin/launchctl") -> None:
        self._program = program
        self._scope = scope
        self._found = ""

    @property
    def domain(self) -> str:
        """The domain of the jobs: a user's with a screen, or, over ssh, without one."""
        if self._scope is Scope.SYSTEM:
            return "system"
        if not self._found:
            uid = os.getuid()
            seen = self.run("print", f"gui/{uid}").returncode == 0
            self._found = f"gui/{uid}" if seen else f"user/{uid}"
        return self._found

    def target(self, label: str) -> str:
        """Return how a job is named to launchd."""
        return f"{self.domain}/{label}"

    def run(self, *words: str, timeout: float = 60.0) -> CompletedProcess[str]:
        """Run it; what it says is in the result.

        Raises:
            NoServiceManagerError: If there is none.
            OsServiceTimeoutError: If it does not answer.
        """
        import subprocess

        try:
            return subprocess.run(  # noqa: S603 - our own words
                [self._program, *words],
                check=False,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=timeout,
            )
        except FileNotFoundError as error:
            raise NoServiceManagerError(f"there is no {self._program}") from error
        except subprocess.TimeoutExpired as error:
            raise OsServiceTimeoutError(f"launchctl {words[0]} does not answer") from error

    def job(self, label: str) -> Job | None:
        """Return the loaded job; None if it is not loaded."""
        done = self.run("print", self.target(label))
        if done.returncode:
            return None
        found: dict[str, str] = dict(reversed(_FIELD.findall(done.stdout)))
        runs, pid = found.get("runs", ""), found.get("pid", "")
        last = found.get("last exit code", "")
        return Job(
            state=found.get("state", ""),
            pid=int(pid) if pid.isdigit() else None,
            last_exit="" if last == "(never exited)" else last,
            runs=int(runs) if runs.isdigit() else None,
        )

    def enable(self, label: str) -> None:
        """Let the job be loaded, whatever somebody told launchd before.

        Raises:
            OsServiceError: If launchd would not.
        """
        done = self.run("enable", self.target(label))
        if done.returncode:
            raise OsServiceError(f"launchd does not enable {label}: {done.stderr.strip()}")

    def disabled(self, label: str) -> bool:
        """Return whether somebody has told launchd not to load the job."""
        done = self.run("print-disabled", self.domain)
        found = re.search(rf'"{re.escape(label)}" => (\w+)', done.stdout)
        return found is not None and found[1] in {"disabled", "true"}

    def unload(self, label: str, patience: float) -> None:
        """End the job and wait until launchd has let go of it.

        A `bootstrap` that comes while the old process drains fails, or is forgotten.

        Raises:
            OsServiceTimeoutError: If it goes on.
        """
        self.run("bootout", self.target(label), timeout=patience)
        until = time.monotonic() + patience
        while self.job(label) is not None:
            if time.monotonic() > until:
                raise OsServiceTimeoutError(f"launchd still ends {label}")
            time.sleep(POLL_INTERVAL_S)
