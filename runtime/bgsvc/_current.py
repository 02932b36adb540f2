"""The runtime of this process, which the module functions act on."""

from __future__ import annotations

import atexit
import os
import sys
import threading

from bgsvc._local import LocalHost
from bgsvc._ports import real_ports
from bgsvc._runtime import Runtime
from bgsvc._words import StopReason

EXIT_GRACE = 5.0
"""Seconds a desktop process waits at its end for finite tasks."""

_lock = threading.Lock()
_runtimes: list[Runtime] = []


def current() -> Runtime:
    """Return the process's runtime, made with defaults on first use."""
    with _lock:
        if not _runtimes:
            _runtimes.append(desktop_runtime(LocalHost()))
            atexit.register(_end)
        return _runtimes[-1]


def use(runtime: Runtime) -> None:
    """Make `runtime` the process's; the one before it is left as it is."""
    with _lock:
        if not _runtimes:
            atexit.register(_end)
        _runtimes.append(runtime)


def forget(runtime: Runtime) -> None:
    """Undo `use`."""
    with _lock:
        _runtimes.remove(runtime)


def configure(*, app: str | None = None, data_dir: str | os.PathLike[str] | None = None) -> None:
    """Say who this app is and where its files go, before the first service starts.

    Args:
        app: The app's id, such as `com.example.notes`; it names the default folder.
        data_dir: The folder for everything that is kept.
    """
    host = LocalHost(app=app)
    use(desktop_runtime(host, data_dir=None if data_dir is None else os.fspath(data_dir)))


def desktop_runtime(host: LocalHost, *, data_dir: str | None = None) -> Runtime:
    """Return a runtime for a process on a desktop system."""
    return Runtime(real_ports(host, host.bus, data_dir or default_data_dir(host.app)))


def default_data_dir(app: str) -> str:
    """Return where this system keeps an app's state."""
    given = os.environ.get("STATE_DIRECTORY")
    if given:
        return given.partition(os.pathsep)[0]
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA", home), app)
    if sys.platform == "darwin":
        return os.path.join(home, "Library", "Application Support", app)
    base = os.environ.get("XDG_STATE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(home, ".local", "state"), app)


def _end() -> None:
    """End what still runs when the process does, within each service's stop timeout."""
    for runtime in _runtimes:
        runtime.stop_all(StopReason.PROCESS_EXIT)
        for supervisor in runtime.all():
            supervisor.wait_stopped(supervisor.config.stop_timeout)
