"""What launchd says of a job, and what is wrong with it."""

from __future__ import annotations

import os
import time

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.errors import DefinitionError, NoServiceManagerError, OsServiceTimeoutError
from bgsvc._os.installed import channel_answers, folder_findings, read_command
from bgsvc._os.launchd.findings import findings_of, last_exit_of
from bgsvc._os.service import OsServiceState, OsServiceStatus, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bgsvc._os.launchd.files import Places
    from bgsvc._os.launchd.launchctl import Job, Launchctl


def status_of(label: str, launchctl: Launchctl, places: Places) -> OsServiceStatus:
    """Return what is true of a job now; where nobody answers, what its file says."""
    issues: list[SetupIssue] = []
    job, disabled = None, False
    try:
        job = launchctl.job(label)
        disabled = launchctl.disabled(label)
    except (NoServiceManagerError, OsServiceTimeoutError) as error:
        issues.append(SetupIssue(error.code, "error", error.message, error.fix))
    there = os.path.lexists(places.file(label))
    if job is None and not there:
        return OsServiceStatus(
            label, places.scope, OsServiceState.NOT_INSTALLED, findings=tuple(issues)
        )
    keys: dict[str, Any] = {}
    try:
        keys = places.keys(label)
    except DefinitionError as error:
        fix = "install the generated file again"
        issues.append(SetupIssue("definition_unreadable", "error", error.message, fix))
    issues += findings_of(places, label, keys, disabled=disabled)
    wrong = folder_findings(_words(keys), places.scope) if keys else None
    if wrong is not None:
        fix = "see who made it; remove it, and install the service again"
        issues.append(SetupIssue("channel_folder", "error", wrong, fix))
    runs = _runs(job, keys)
    return OsServiceStatus(
        label,
        places.scope,
        OsServiceState.RUNNING if runs else OsServiceState.INSTALLED,
        enabled=bool(keys.get("RunAtLoad") or keys.get("KeepAlive")) and not disabled,
        lingering=False if places.scope is Scope.USER else None,
        pid=job.pid if job else None,
        since=began(job.pid) if job and job.pid else None,
        last_exit=last_exit_of(job.last_exit) if job else None,
        restarts=max(0, job.runs - 1) if job and job.runs is not None else None,
        ipc_connected=channel_answers(_words(keys), places.scope) if runs else None,
        detail=job.state if job else "not loaded",
        definition=places.file(label) if there else None,
        findings=tuple(sorted(issues, key=lambda issue: issue.severity)),
    )


def began(process: int) -> float | None:
    """Return when a process began, in seconds since the epoch; None if nobody tells."""
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["/bin/ps", "-o", "etime=", "-p", str(process)],
            check=False,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    age = elapsed(done.stdout.strip())
    return None if age is None else time.time() - age


def elapsed(text: str) -> float | None:
    """Return the seconds of what `ps` calls `etime`: `[[days-]hours:]minutes:seconds`."""
    days, dash, clock = text.rpartition("-")
    parts = clock.split(":")
    if not all(part.isdigit() for part in parts) or (dash and not days.isdigit()):
        return None
    seconds = 0
    for part in parts:
        seconds = 60 * seconds + int(part)
    return float(seconds + 86400 * int(days or 0))


def _runs(job: Job | None, keys: dict[str, Any]) -> bool:
    """Return whether a process is there whose `init` is done; what is none of ours just runs."""
    if job is None or job.pid is None:
        return False
    service = read_command(_words(keys))
    return service.runs() if service.name else True


def _words(keys: dict[str, Any]) -> list[str]:
    return [str(word) for word in keys.get("ProgramArguments", ())]
