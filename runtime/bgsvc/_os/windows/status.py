"""What the service control manager says of a service, and what is wrong with it."""

from __future__ import annotations

import os

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.installed import channel_answers
from bgsvc._os.provenance import Origin
from bgsvc._os.service import LastExit, OsServiceState, OsServiceStatus, Scope
from bgsvc._os.windows import structs as winsvc
from bgsvc._os.windows.command import split
from bgsvc._os.windows.processes import began
from bgsvc._os.windows.registry import read_settings
from bgsvc._os.windows.session import session_findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bgsvc._os.windows.scm import Handle


def status_of(handle: Handle, label: str) -> OsServiceStatus:
    """Return what is true of an open service now."""
    now, definition = handle.status(), handle.definition()
    line = str(definition.command_line)
    up = now.state not in {winsvc.STOPPED, winsvc.START_PENDING}
    return OsServiceStatus(
        label,
        Scope.SYSTEM,
        OsServiceState.RUNNING if up else OsServiceState.INSTALLED,
        enabled=definition.start_type == winsvc.AUTO_START,
        pid=now.process or None,
        since=began(now.process) if now.process else None,
        last_exit=_last_exit(now),
        ipc_connected=channel_answers(split(line), Scope.SYSTEM) if up else None,
        detail=winsvc.STATES.get(now.state, str(now.state)),
        definition=line,
        findings=(
            *_disabled(definition.start_type, label),
            *findings(line, label),
            *session_findings(label, now.process or None),
        ),
    )


def findings(line: str, label: str) -> Iterator[SetupIssue]:
    """Yield what is wrong with the command of an installed service."""
    again = "install it again, with the Python that is to run it"
    words = split(line)
    end = words.index("-m") if "-m" in words else 1
    files = [word for word in words[:end] if os.path.isabs(word)]
    for path in files:
        if not os.path.exists(path):
            yield SetupIssue("interpreter_missing", "error", f"{label}: {path} is gone", again)
    profiles = os.path.join(os.path.dirname(os.path.expanduser("~")), "").lower()
    if len(profiles) > len("C:\\") and any(path.lower().startswith(profiles) for path in files):
        text = f"{label}: who may write below {profiles} decides what the system's account runs"
        fix = "install Python and the packages below Program Files"
        yield SetupIssue("interpreter_writable", "warning", text, fix)
    settings = read_settings(label)
    # The home folder, %USERPROFILE%, is that of the service's account, and not ours to look for.
    if settings.folder and "%" not in settings.folder and not os.path.isdir(settings.folder):
        text = f"{label}: its folder {settings.folder} is not there, so it cannot start"
        yield SetupIssue("folder_missing", "error", text, f"make the folder {settings.folder}")
    if settings.source and Origin(settings.source, settings.source_digest).changed():
        text = f"{settings.source} is no longer what was installed"
        fix = f"python -m bgsvc install {settings.source}"
        yield SetupIssue("unit_differs", "warning", text, fix)


def exit_text(now: winsvc.ServiceStatusProcess) -> str:
    """Return how a service's last process ended, in words."""
    if now.exit_code == winsvc.SERVICE_SPECIFIC_ERROR:
        return f"exit status {now.specific_code}"
    return f"error {now.exit_code}"


def _disabled(start_type: int, label: str) -> Iterator[SetupIssue]:
    if start_type == winsvc.DISABLED:
        text = f"an administrator has disabled {label}: nobody can start it"
        yield SetupIssue("disabled", "error", text, f"sc config {label} start= auto")


def _last_exit(now: winsvc.ServiceStatusProcess) -> LastExit | None:
    if now.state != winsvc.STOPPED or now.exit_code == winsvc.NEVER_STARTED:
        return None
    if now.exit_code == winsvc.SERVICE_SPECIFIC_ERROR:
        return LastExit("exit-code", now.specific_code)
    return LastExit("exit-code" if now.exit_code else "success", now.exit_code)
