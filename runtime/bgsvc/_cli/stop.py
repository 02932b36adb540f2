"""The command that stops a service which another process runs, and waits for its end."""

from __future__ import annotations

import os
import sys
import time

from bgsvc._cli.report import state_on_disk, state_text
from bgsvc._desktop.console import print_error
from bgsvc._lite.dataclasses import replace
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import NotRunningError, PlatformError, StillStoppingError
from bgsvc._storage.locks import InstanceLock, run_lock
from bgsvc._storage.state_file import StateFile

MARGIN = 5.0
"""Seconds that ending a late run, and the process after it, may take."""
LOOK = 0.02
"""Seconds between two looks whether the process is gone."""


def stop(name: str, folder: str, *, as_json: bool) -> int:
    """Stop a service, want it no more, and say what came of it once its process has ended.

    Raises:
        NotRunningError: It neither runs nor is wanted.
        PlatformError: It cannot be stopped from here.
        StillStoppingError: It has not ended in the time it has.
    """
    lock = InstanceLock(folder, name)
    holder = _living(name, lock.holder())
    elsewhere = None if holder is not None else _living(name, run_lock(folder, name).holder())
    if elsewhere is not None:
        text = f"{name} runs inside another program, process {elsewhere}"
        raise PlatformError(text, fix="stop it there, or end that program")
    file = StateFile(folder, name)
    if holder is None and not file.peek().desired_running:
        raise NotRunningError(f"{name} is not running and not wanted")
    request = None if holder is None else StopReason.USER_STOP
    saved, trouble = file.update(
        lambda was: replace(was, desired_running=False, stop_request=request)
    )
    if trouble is not None:
        print_error(trouble)
    seconds = _patience(saved.config)
    if holder is not None and _signal_stop(holder) and not _gone(lock, holder, seconds):
        text = f"{name} was told to stop and has not ended within {seconds:g} s"
        raise StillStoppingError(text, fix=f"wait for it, or end process {holder} by other means")
    if as_json:
        import json

        return _say(json.dumps(state_on_disk(folder, name)))
    return _say(state_text(folder, name, runs=1))


def _patience(config: object) -> float:
    """Return the seconds the end may take, by the configuration that was kept of the run."""
    from bgsvc._lite.guards import is_number, is_object
    from bgsvc._model.config import ServiceConfig

    given = config.get("stopTimeout") if is_object(config) else None
    return MARGIN + (given if is_number(given) else ServiceConfig.stop_timeout)


def _gone(lock: InstanceLock, holder: int, seconds: float) -> bool:
    """Wait until a process no longer hosts the service; False if it still does at the end."""
    until = time.monotonic() + seconds
    while lock.holder() in {holder, 0}:  # 0: it is just giving the lock back
        if time.monotonic() > until:
            return False
        time.sleep(LOOK)
    return True


def _signal_stop(holder: int) -> bool:
    """Wake the process for its stop; False if it has just ended by itself."""
    import signal

    try:
        if sys.platform != "win32" or not _asked(holder):
            os.kill(holder, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def _living(service: str, holder: int | None) -> int | None:
    """Return the process that hosts a service if it can be told to stop; None if there is none.

    Raises:
        PlatformError: If there is one and it cannot be told.
    """
    if holder == 0:
        text = f"{service} is running, but its process id could not be written down"
        raise PlatformError(text, fix="make room on the disk; end its process by other means")
    if holder is None or os.name == "nt":
        return holder
    try:
        os.kill(holder, 0)
    except ProcessLookupError:
        return None  # a child of it has outlived it, and its lock with it
    except PermissionError as error:
        text = f"{service} runs in process {holder}, which is another user's"
        raise PlatformError(text, fix="stop it as that user") from error
    return holder


def _asked(holder: int) -> bool:
    from bgsvc._os.windows.stop_event import ask

    return ask(holder)


def _say(text: str) -> int:
    print(text)  # noqa: T201 - the product
    return 0
