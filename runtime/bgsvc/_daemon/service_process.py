"""A service in a process of its own: what `python -m bgsvc run` and service managers start."""

from __future__ import annotations

import gc
import os
import threading
import time

from bgsvc._app.current import DRAIN_TIMEOUT_S, FINITE_TASK_TIMEOUT_S, desktop_runtime, use
from bgsvc._daemon.signals import SIGHUP, SIGINT, SIGTERM, Wakeup, is_ignored
from bgsvc._desktop.console import print_error, print_event, print_event_json
from bgsvc._desktop.host import LocalHost
from bgsvc._desktop.mode import detect_mode, started_by_boot
from bgsvc._desktop.sd_notify import extension, notify, watchdog_interval
from bgsvc._model.enums import StartReason, StopReason
from bgsvc._model.errors import AlreadyRunningError, BackgroundServiceError, NotRunningError
from bgsvc._ports.streams import flush_or_drop
from bgsvc._storage.state_file import StateFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._daemon.event_log import EventLog
    from bgsvc._daemon.ipc_server import IpcServer
    from bgsvc._engine.runtime import Runtime
    from bgsvc._engine.supervisor import Supervisor
    from bgsvc._model.config import ServiceConfig
    from bgsvc._model.event import Event

FAILED = 1
AGAIN = 75
"""sysexits.h's EX_TEMPFAIL: nobody asked for the end, and the manager is to start it again."""
START_GRACE = 0.1
"""Seconds a service may take to start before its channel is opened beside it."""
START_STEP = 15.0
"""Seconds between two words to systemd that a start is still making progress."""
STOP_MARGIN = 5.0
"""Seconds that ending a late run and reporting it may take."""
LEAVE_GRACE = 1.0
"""Seconds the threads a service left behind have once it has stopped."""


class ServiceProcess:
    """Hosts one service until it has ended for good."""

    def __init__(self, config: ServiceConfig, *, app: str | None, data_dir: str | None) -> None:
        host = LocalHost(app=app, mode=detect_mode(), owns_process=True)
        self._runtime: Runtime = desktop_runtime(host, data_dir=data_dir)
        use(self._runtime)
        self._supervisor: Supervisor = self._runtime.adopt(config)
        self._wakeup = Wakeup()
        self._failed = False
        self._reloads = "NOTIFY_SOCKET" in os.environ
        self._begins_again = False
        self._reason: object = None
        self._asked = False
        self._data_dir = data_dir
        self._app = host.app
        self._settled = threading.Event()
        self._hearing = threading.Lock()
        self._heard: list[Event] | EventLog = []

    def run(self, *, as_json: bool, boot: bool, again: bool = False) -> int:
        """Run the service and return the exit status: 0 ended well, 1 ended by an error.

        Args:
            as_json: Whether events are printed as JSON lines.
            boot: Whether to start only what is wanted: what nobody ever stopped.
            again: Whether an end that nobody asked for has the exit status 75: a manager then
                tells it from a stop, and starts the service again.

        Raises:
            AlreadyRunningError: Another process hosts this service.
            StateNotSavedError: The data folder cannot be used.
        """
        name = self._supervisor.config.name
        lock = self._runtime.instance_lock(name)
        if not lock.acquire():
            raise _taken(name, self._app, lock.holder())
        self._runtime.ports.bus.tap(self._hear)
        self._runtime.listen(_listener(as_json=as_json))
        desired = self._supervisor.desired_running
        if boot and desired is False and started_by_boot():
            notify("READY=1", "STATUS=off: its user stopped it")
            return 0
        if lock.trouble is not None:
            print_error(lock.trouble)
        self._wakeup.listen(SIGINT, SIGTERM, *_hangup(reloads=self._reloads))
        self._supervisor.start(_start_reason(boot=boot, desired=desired))
        gc.enable()
        interval = watchdog_interval()
        if interval is not None:
            self._beat(interval)
        channel, trouble = self._open_channel()
        if "NOTIFY_SOCKET" in os.environ:
            self._extend_start()
        self._wait()
        self._runtime.finish_tasks(FINITE_TASK_TIMEOUT_S)
        drained = self._runtime.ports.bus.drain(DRAIN_TIMEOUT_S)
        if channel is not None:
            channel.close()
        lock.release()
        status = FAILED if self._failed else self._wanted_again() if again else 0
        if isinstance(trouble, AlreadyRunningError):
            raise trouble
        if not drained or not _all_ended(LEAVE_GRACE):
            self._runtime.ports.host.end_process(status)
        flush_or_drop()
        return status

    def _open_channel(self) -> tuple[IpcServer | None, BackgroundServiceError | None]:
        """Listen to the service's peers, but not before it has started: it is not to wait."""
        self._settled.wait(START_GRACE)
        from bgsvc._daemon.event_log import EventLog
        from bgsvc._daemon.ipc_server import open_channel

        with self._hearing:
            self._heard = log = EventLog(self._heard if isinstance(self._heard, list) else ())
        try:
            name = self._supervisor.config.name
            return open_channel(self._runtime, name, self._data_dir, log), None
        except BackgroundServiceError as error:
            print_error(error)
            if isinstance(error, AlreadyRunningError):
                self._stop()  # one that nobody can reach is not to go on beside another
            return None, error

    def ask_to_stop(self) -> None:
        """End the service because its manager asks; from any thread."""
        self._asked = True
        self._wakeup.ask()

    def _wanted_again(self) -> int:
        """Return the exit status of an end that was no failure, and keep what is wanted.

        A signal is nobody's wish. Windows' manager asks in words, and would restart, after its
        own stop, whatever ends with a status.
        """
        if self._reason == StopReason.TASK_COMPLETED:
            self._supervisor.set_desired_state(running=True)
        elif self._reason != StopReason.PROCESS_EXIT or self._asked:
            return 0
        return AGAIN

    def _beat(self, interval: float) -> None:
        """Tell the watchdog, now and every `interval` seconds, that the service is alive."""
        self._supervisor.pulse(lambda: notify("WATCHDOG=1"))
        self._runtime.ports.clock.call_later(interval, lambda: self._beat(interval))

    def _extend_start(self) -> None:
        """Ask for more time to start for as long as `init` makes progress."""
        if not self._settled.is_set():
            status = self._supervisor.status().state
            self._supervisor.pulse(lambda: notify(extension(2 * START_STEP), f"STATUS={status}"))
            self._runtime.ports.clock.call_later(START_STEP, self._extend_start)

    def _wait(self) -> None:
        """Sleep in the main thread, where signals arrive, until the service has ended."""
        while self._supervisor.alive or self._begin_again():
            signals = self._wakeup.sleep()
            if signals and (signals - {SIGHUP} or not self._reloads):
                self._begins_again = False
                self._stop()
            elif signals:
                self._reload()

    def _reload(self) -> None:
        """End the run, for a new one to take its place: `init` reads everything anew."""
        now = time.monotonic_ns() // 1000
        notify("RELOADING=1", f"MONOTONIC_USEC={now}", "STATUS=reloading")
        self._begins_again = True
        try:
            self._supervisor.stop(StopReason.OS_RESTART)
        except NotRunningError:
            self._begins_again = False  # it has just ended by itself

    def _begin_again(self) -> bool:
        """Start the run that a reload asked for; `started` tells systemd that it is done."""
        if not self._begins_again or self._failed:
            return False
        self._begins_again = False
        try:
            self._supervisor.start(StartReason.OS_RESTART)
        except BackgroundServiceError as error:
            print_error(error)
            self._failed = True
        return not self._failed

    def _stop(self) -> None:
        timeout = self._supervisor.config.stop_timeout
        notify("STOPPING=1", "STATUS=stopping", extension(timeout + STOP_MARGIN))
        name, folder = self._supervisor.config.name, self._runtime.ports.state_dir
        asked = StateFile(folder, name).peek().stop_request  # which waits for no lock
        try:
            self._supervisor.stop(asked or StopReason.PROCESS_EXIT)
        except NotRunningError:
            return  # it has just ended by itself

    def _hear(self, event: Event) -> None:
        with self._hearing:
            self._heard.append(event)
        if event.event == "started":
            notify("READY=1", "STATUS=running")
            self._settled.set()
        elif event.event == "stopped":
            self._settled.set()
            self._reason = event.data.get("reason")
            self._failed = event.data.get("reason") == StopReason.ERROR
            if event.data.get("reason") != StopReason.OS_RESTART:
                self._begins_again = False  # a stop for good came before the reload, or with it
            notify(f"STATUS=ended: {event.data.get('reason')}")
            if not event.data.get("forced"):  # else the process is being ended already
                self._wakeup.wake()
        elif event.event == "restart_failed":
            self._failed = True
            self._wakeup.wake()


def _hangup(*, reloads: bool) -> tuple[int, ...]:
    """Return SIGHUP, a terminal's end or systemd's reload; but what `nohup` ignores stays so."""
    return (SIGHUP,) if SIGHUP and (reloads or not is_ignored(SIGHUP)) else ()


def _listener(*, as_json: bool) -> Callable[[Event], None]:
    """Return what tells of events: to the journal with its fields, else in lines."""
    if as_json:
        return print_event_json
    if "JOURNAL_STREAM" in os.environ:
        from bgsvc._daemon.journald import goes_to_journal, send_event

        if goes_to_journal(1):
            return send_event
    return print_event


def _taken(name: str, app: str, holder: int | None) -> AlreadyRunningError:
    """Return the error of a service that runs; it may be another app's of the same name."""
    where = f", in process {holder}" if holder else ""
    fix = "stop it first, or leave it running; if it is another app's, give each its own --app ID"
    return AlreadyRunningError(f"{name} of the app {app} is running already{where}", fix=fix)


def _all_ended(grace: float) -> bool:
    """Return whether all threads end within `grace` seconds that the interpreter would wait for."""
    until = time.monotonic() + grace
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return False
    return True


def _start_reason(*, boot: bool, desired: bool | None) -> StartReason:
    if boot:
        return StartReason.BOOT
    return StartReason.REPLAY if desired and "INVOCATION_ID" in os.environ else StartReason.USER
