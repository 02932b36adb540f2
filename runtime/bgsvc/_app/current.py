"""The runtime of this process, which the module functions act on."""

from __future__ import annotations

import atexit
import os
import threading
import time

from bgsvc._engine.ports import real_ports
from bgsvc._engine.runtime import Runtime
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import AlreadyRunningError, PlatformError
from bgsvc._storage.folders import default_data_dir

FINITE_TASK_TIMEOUT_S = 5.0
"""Seconds that a desktop process waits for finite tasks at its end."""

DRAIN_TIMEOUT_S = 1.0
"""Seconds that listeners have for the last events at its end."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._desktop.host import LocalHost

_lock = threading.Lock()
_runtimes: list[Runtime] = []
_inherited: list[tuple[str | None, str | None]] = [(None, None)]
"""The app and the data folder of the process that this one was forked from."""


def current() -> Runtime:
    """Return the process's runtime, made with defaults on first use."""
    with _lock:
        if not _runtimes:
            app, data_dir = _inherited[-1]
            _runtimes.append(desktop_runtime(_local_host(app), data_dir=data_dir))
            atexit.register(_end_services)
        return _runtimes[-1]


def use(runtime: Runtime) -> None:
    """Make `runtime` the process's; earlier ones go on."""
    with _lock:
        if not _runtimes:
            atexit.register(_end_services)
        _runtimes.append(runtime)


def forget(runtime: Runtime) -> None:
    """Undo `use`."""
    with _lock:
        if runtime in _runtimes:
            _runtimes.remove(runtime)


def configure(*, app: str | None = None, data_dir: str | os.PathLike[str] | None = None) -> None:
    """Set the app's id and the folder of its files, before the first service starts.

    Args:
        app: The app's id, such as `com.example.notes`; it names the default folder.
        data_dir: The folder for everything that is saved.

    Raises:
        AlreadyRunningError: A service runs or is due to: it could not be reached any more.
        ConfigError: If `app` cannot be a part of a file's name.
    """
    for runtime in _runtimes[-1:]:
        for supervisor in runtime.all():
            if supervisor.alive:
                text = f"{supervisor.config.name} was started before configure() was called"
                raise AlreadyRunningError(text, fix="call configure() first, or stop what runs")
    host = _local_host(app)
    use(desktop_runtime(host, data_dir=None if data_dir is None else os.fspath(data_dir)))


def _local_host(app: str | None) -> LocalHost:
    """Return the host of a desktop process.

    Raises:
        PlatformError: This is a phone's copy of the runtime, which has no such host.
        ConfigError: If `app` cannot be a part of a file's name.
    """
    try:
        from bgsvc._desktop.host import LocalHost
    except ImportError as error:
        text = "the app's native side has not attached to the runtime"
        fix = "start Python through the generated host, which sends `hello` first"
        raise PlatformError(text, fix=fix) from error
    return LocalHost(app=app)


def desktop_runtime(host: LocalHost, *, data_dir: str | None = None) -> Runtime:
    """Return a runtime for a process on a desktop system."""
    return Runtime(real_ports(host, host.bus, data_dir or default_data_dir(host.app)))


def _end_services() -> None:
    """End what still runs when the process ends, each within its time."""
    runtimes = list(_runtimes)
    stop_requested_at = time.monotonic()  # of all of them at once: they share the time
    for runtime in runtimes:
        runtime.stop_all(StopReason.PROCESS_EXIT)
    for runtime in runtimes:
        runtime.finish_tasks(FINITE_TASK_TIMEOUT_S)
        for supervisor in runtime.all():
            seconds = stop_requested_at + supervisor.config.stop_timeout - time.monotonic()
            supervisor.wait_stopped(max(0.0, seconds))
        runtime.ports.bus.drain(DRAIN_TIMEOUT_S)


def _reset_after_fork() -> None:
    """Forget the parent's services in a forked child, which has none of their threads."""
    global _lock  # noqa: PLW0603 - a thread of the parent may hold the old one
    _lock = threading.Lock()
    for runtime in _runtimes:
        runtime.ports.bus.close()
    if _runtimes:
        ports = _runtimes[-1].ports
        app: str | None = vars(ports.host).get("app")
        _inherited.append((app, ports.data_dir))
    _runtimes.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
