"""Asking systemd: its own tools, run without a terminal, in English, within a time."""

from __future__ import annotations

import os
import subprocess

from bgsvc._os.errors import NoServiceManagerError, OsServiceTimeoutError
from bgsvc._os.service import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

QUERY_TIMEOUT_S = 20.0
"""Seconds that a question may take."""

STOP_MARGIN_S = 10.0
"""Seconds beyond what the unit allows that we wait for systemd."""

_TIMES = ("TimeoutStartUSec", "TimeoutStopUSec")


class Systemctl:
    """The tools of systemd, for one scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def environment(self) -> dict[str, str]:
        """Return the environment of the tools: the way to the user's manager, no translations."""
        found = {**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
        if self._scope is Scope.USER:
            found.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
        return found

    def require(self) -> None:
        """Return if the manager is there.

        Raises:
            NoServiceManagerError: If systemd does not run, or not for this user.
        """
        if not os.path.isdir("/run/systemd/system"):
            fix = "use a system, or a container, that systemd has booted"
            raise NoServiceManagerError("systemd does not run here", fix=fix)
        folder = self.environment().get("XDG_RUNTIME_DIR", "")
        if self._scope is Scope.USER and not os.path.exists(f"{folder}/systemd/private"):
            text = f"no service manager of user {os.getuid()} answers in {folder}"
            fix = "log in as that user, not through su or sudo, or: loginctl enable-linger"
            raise NoServiceManagerError(text, fix=fix)

    def run(
        self, *words: str, timeout: float = QUERY_TIMEOUT_S, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `systemctl` with `words`.

        Raises:
            subprocess.CalledProcessError: If it failed and `check` is set.
            OsServiceTimeoutError: If it did not end in time.
        """
        scope = ("--user",) if self._scope is Scope.USER else ("--system",)
        command = ("systemctl", *scope, "--no-ask-password", "--no-pager", "--quiet", *words)
        return self._run(command, timeout, check=check)

    def show(self, unit: str, properties: Sequence[str]) -> dict[str, str]:
        """Return what the manager says of a unit."""
        output = self.run("show", unit, f"--property={','.join(properties)}").stdout
        lines = (line.partition("=") for line in output.splitlines())
        return {name: value for name, _, value in lines}

    def patience(self, label: str) -> float:
        """Return the seconds that a service may take to end, and to start again."""
        found = self.show(unit_of(label), _TIMES)
        return STOP_MARGIN_S + sum(span(found.get(name, "")) for name in _TIMES)

    def journal(self, unit: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what a unit wrote to the journal."""
        which = "--user-unit" if self._scope is Scope.USER else "--unit"
        command = ["journalctl", f"{which}={unit}", f"--lines={lines}", "--no-pager", "--quiet"]
        command += ["--output=short-iso", *(["--follow"] if follow else [])]
        try:
            process = subprocess.Popen(  # noqa: S603 - our own words
                command, stdout=subprocess.PIPE, text=True, env=self.environment(), errors="replace"
            )
        except FileNotFoundError as error:
            raise NoServiceManagerError("there is no journalctl", fix="install systemd") from error
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        try:
            for line in process.stdout:
                yield line.rstrip("\n")
        finally:
            process.terminate()
            process.stdout.close()
            process.wait()

    def _run(
        self, command: Sequence[str], timeout: float, *, check: bool
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - our own words
                command,
                check=check,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                encoding="utf-8",
                errors="replace",
                env=self.environment(),
                timeout=timeout,
            )
        except FileNotFoundError as error:
            raise NoServiceManagerError("there is no systemctl", fix="install systemd") from error
        except subprocess.TimeoutExpired as error:
            text = f"systemd did not answer within {timeout:g} seconds: {' '.join(command)}"
            raise OsServiceTimeoutError(text) from error


def unit_of(label: str) -> str:
    """Return the unit of a service."""
    return f"{label}.service"


def logs_fix(label: str, scope: Scope) -> str:
    """Return how a person sees what a service said."""
    which = "--user-unit" if scope is Scope.USER else "--unit"
    return f"look at what it says: journalctl {which}={unit_of(label)}"


def span(text: str) -> float:
    """Return the seconds of a time span as systemd prints it, such as `1min 30s`."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    total = 0.0
    for part in text.split():
        number = part.rstrip("abcdefghijklmnopqrstuvwxyz")
        try:
            total += float(number) * units[part[len(number) :]]
        except (KeyError, ValueError):
            return 86400.0  # `infinity`: a day is long enough
    return total
