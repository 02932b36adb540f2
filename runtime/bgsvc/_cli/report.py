"""What the command line says of services, read from disk without disturbing them."""

from __future__ import annotations

import os
import time

from bgsvc._model.errors import PlatformError
from bgsvc._model.snapshot import HISTORY
from bgsvc._storage.locks import InstanceLock, run_lock
from bgsvc._storage.state_file import StateFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._model.enums import StartReason
    from bgsvc._model.platform_reports import PlatformCapabilities, SetupReport
    from bgsvc._model.snapshot import RunRecord


def list_services(folder: str) -> list[str]:
    """Return the names of the services that have state in `folder`.

    Raises:
        PlatformError: It cannot be read, or is no folder.
    """
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        fix = "give --data-dir the folder that the service was given"
        raise PlatformError(f"cannot read {folder}: {error.strerror}", fix=fix) from error
    locks = [name for name in names if name.endswith(".lock") and "~" not in name]
    return sorted(name.removesuffix(".lock") for name in locks)


def state_on_disk(folder: str, name: str) -> dict[str, object]:
    """Return what is known of a service without asking its process."""
    host = InstanceLock(folder, name).holder()
    file, lock = StateFile(folder, name), run_lock(folder, name)
    run, saved = lock.look(), file.peek()
    if run is None and saved.current is not None:  # lost, or begun since the look
        run, saved = lock.look(), file.peek()
    due = None if run is not None or host is None else saved.restart_due
    pid = run[0] if host is None and run is not None else host
    return {
        "service": name,
        "state": run[1] or "running" if run is not None else "stopped" if saved.run else "idle",
        "pid": pid or None,
        "run": saved.run,
        "current": None if saved.current is None else _current(saved.current),
        "desiredRunning": saved.desired_running,
        "since": saved.since,
        "restartIn": None if due is None else max(0.0, due - time.time()),
        "history": [entry.to_wire() for entry in saved.history],
        "problems": [problem.to_wire() for problem in file.problems()],
        "lost": saved.current is not None and run is None,
    }


def state_text(folder: str, name: str, *, runs: int = HISTORY) -> str:
    """Return the same for people: now, what is wanted, and why the last `runs` runs ended."""
    state = state_on_disk(folder, name)
    wanted = {True: "wanted", False: "not wanted", None: "never started"}
    pid = "" if state["pid"] is None else f" in process {state['pid']}"
    file = StateFile(folder, name)
    saved = file.peek()
    lines = [f"{name}: {state['state']}{pid}, {wanted[saved.desired_running]}"]
    lines += [f"  {problem}" for problem in file.problems()]
    if isinstance(state["restartIn"], float):
        lines.append(f"  starts again in {state['restartIn']:.0f} s")
    if state["lost"]:
        lines.append(f"  run {state['run']} was lost: its process died under it")
    elif saved.current is not None:
        number, reason, started = saved.current
        lines.append(f"  run {number}  {_clock(started)} to now  started by {reason}")
    lines += [_line(entry) for entry in reversed(saved.history[-runs:])]
    return "\n".join(lines)


def capabilities_text(capabilities: PlatformCapabilities) -> str:
    """Return a promise on each line, and what it needs below."""
    lines = [f"{capabilities.platform}, {capabilities.mode}"]
    for scenario, one in capabilities.scenarios.items():
        lines.append(f"  {scenario:<24}{one.level:<13}{one.reason}")
        lines += [f"  {'':<24}{'':<13}needs {need}" for need in one.needs]
    return "\n".join(lines)


def report_text(report: SetupReport) -> str:
    """Return an issue on each line, its fix below, and a verdict."""
    lines: list[str] = []
    for issue in report.issues:
        lines.append(f"{issue.severity} {issue.code}: {issue.message}")
        lines.append(f"  fix: {issue.fix}")
    lines.append("ready to run" if report.ok else "not ready to run")
    return "\n".join(lines)


def _current(run: tuple[int, StartReason, float]) -> dict[str, object]:
    return {"run": run[0], "startReason": run[1].value, "started": run[2]}


def _line(entry: RunRecord) -> str:
    when = "died" if entry.ended is None else _clock(entry.ended)
    error: Mapping[str, str] = entry.error or {}
    told = " ".join(f"{error.get('code')} {error.get('message')}".split())
    why = f": {told}" if error else ""
    forced = ", ended hard" if entry.forced else ""
    return f"  run {entry.run}  {_clock(entry.started)} to {when}  {entry.reason}{forced}{why}"


def _clock(moment: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
    except (OSError, OverflowError, ValueError):  # no calendar goes that far
        return f"{moment:g}"
