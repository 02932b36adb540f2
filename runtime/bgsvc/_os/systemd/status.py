"""What systemd says of a service, read in one go, and what is wrong with it."""

from __future__ import annotations

import os
import subprocess
import time

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.errors import NoServiceManagerError, OsServiceTimeoutError
from bgsvc._os.service import LastExit, OsServiceState, OsServiceStatus, Scope
from bgsvc._os.systemd.files import search_path
from bgsvc._os.systemd.findings import channel_findings, command_in, findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.systemd.systemctl import Systemctl

_WANTED = (
    *("LoadState", "ActiveState", "SubState", "Result", "MainPID", "UnitFileState", "NRestarts"),
    *("WatchdogUSec", "StatusText", "ExecMainStatus", "ExecMainCode", "FragmentPath"),
    *("ActiveEnterTimestampMonotonic", "ExecMainExitTimestampMonotonic", "NeedDaemonReload"),
)
_SIGNALLED = {"2", "3"}
"""`ExecMainCode`: killed, dumped; waitid(2)."""


def status_of(label: str, scope: Scope, systemctl: Systemctl) -> OsServiceStatus:
    """Return what is true of a service now; where nobody answers, what its file says."""
    found: dict[str, str] = {}
    issues: list[SetupIssue] = []
    try:
        systemctl.require()
        found = systemctl.show(f"{label}.service", _WANTED)
    except (NoServiceManagerError, OsServiceTimeoutError) as error:
        issues.append(SetupIssue(error.code, "error", error.message, error.fix))
    except subprocess.CalledProcessError as error:
        fix = "ask as root, or as the user whose services they are"
        issues.append(SetupIssue("managerRefuses", "warning", str(error.stderr).strip(), fix))
    path = found.get("FragmentPath") or _file_of(label, scope)
    state = _state(found, path)
    enabled = found.get("UnitFileState") in {"enabled", "enabled-runtime", "static"}
    if found.get("UnitFileState") == "static":
        timer = systemctl.show(f"{label}.timer", ["UnitFileState"])
        enabled = timer["UnitFileState"] == "enabled"
    lingering = _lingers() if scope is Scope.USER else None
    command = command_in(path)
    if state is not OsServiceState.NOT_INSTALLED:
        control = "systemctl --user" if scope is Scope.USER else "sudo systemctl"
        issues += findings(label, control, found, path, enabled=enabled)
        issues += channel_findings(command, scope)
    if state is not OsServiceState.NOT_INSTALLED and enabled and lingering is False:
        text = "it starts at login and ends with the last session: its user does not linger"
        issues.append(SetupIssue("not_lingering", "warning", text, "loginctl enable-linger"))
    return OsServiceStatus(
        label=label,
        scope=scope,
        state=state,
        enabled=enabled,
        lingering=lingering,
        pid=_number(found, "MainPID") or None,
        since=_since(found),
        last_exit=_last_exit(found),
        restarts=_number(found, "NRestarts"),
        watchdog=_watchdog(found),
        detail=_detail(found),
        text=found.get("StatusText", ""),
        ipc_connected=_connected(found, command, scope),
        definition=path or None,
        findings=tuple(sorted(issues, key=lambda issue: issue.severity)),
    )


def _state(found: dict[str, str], path: str | None) -> OsServiceState:
    """Return `running` for what is ready and has not ended, were it only for the moment."""
    if found.get("ActiveState") in {"active", "reloading", "deactivating"}:
        return OsServiceState.RUNNING
    there = found.get("LoadState") not in {None, "not-found"} or path
    return OsServiceState.INSTALLED if there else OsServiceState.NOT_INSTALLED


def _connected(found: dict[str, str], command: tuple[str, ...], scope: Scope) -> bool | None:
    if found.get("ActiveState") != "active" or not command:
        return None
    from bgsvc._os.installed import channel_answers

    return channel_answers(command, scope)


def _file_of(label: str, scope: Scope) -> str | None:
    paths = (os.path.join(folder, f"{label}.service") for folder in search_path(scope))
    return next(filter(os.path.exists, paths), None)


def _number(found: dict[str, str], name: str) -> int | None:
    value = found.get(name, "")
    return int(value) if value.isdigit() else None


def _since(found: dict[str, str]) -> float | None:
    """Return when it became active, else when it ended; the manager counts from boot."""
    name = "ActiveEnter" if found.get("ActiveState") == "active" else "ExecMainExit"
    moment = _number(found, f"{name}TimestampMonotonic")
    if not moment:
        return None
    return time.time() - time.clock_gettime(time.CLOCK_MONOTONIC) + moment / 1e6


def _last_exit(found: dict[str, str]) -> LastExit | None:
    if found.get("ExecMainCode", "0") == "0":
        return None
    status = _number(found, "ExecMainStatus")
    if found["ExecMainCode"] in _SIGNALLED:
        return LastExit(found["Result"], None, status)
    return LastExit(found["Result"], status)


def _watchdog(found: dict[str, str]) -> float | None:
    from bgsvc._os.systemd.systemctl import span

    text = found.get("WatchdogUSec", "")
    return None if text in {"", "0", "infinity"} else span(text)


def _detail(found: dict[str, str]) -> str:
    return f"{found['ActiveState']} ({found['SubState']})" if found else ""


def _lingers() -> bool:
    from bgsvc._desktop.mode import lingers

    return lingers()
