"""A service in a process of its own: what `python -m bgsvc run` and service managers start."""

from __future__ import annotations

import gc
import os

from bgsvc._current import desktop_runtime, use
from bgsvc._errors import AlreadyRunningError, NotRunningError
from bgsvc._local import LocalHost
from bgsvc._mode import detect_mode
from bgsvc._systemd import notify, watchdog_interval
from bgsvc._terminal import print_event, print_event_json
from bgsvc._wakeup import SIGINT, SIGTERM, Wakeup
from bgsvc._words import StartReason, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._config import ServiceConfig
    from bgsvc._events import Event
    from bgsvc._runtime import Runtime
    from bgsvc._supervisor import Supervisor

FAILED = 1


class ServiceProcess:
    """Hosts one service until it has ended for good."""

    def __init__(self, config: ServiceConfig, *, app: str | None, data_dir: str | None) -> None:
        host = LocalHost(app=app, mode=detect_mode(), owns_process=True)
        self._runtime: Runtime = desktop_runtime(host, data_dir=data_dir)
        use(self._runtime)
        self._supervisor: Supervisor = self._runtime.adopt(config)
        self._wakeup = Wakeup()
        self._failed = False

    def run(self, *, as_json: bool, boot: bool) -> int:
        """Run the service and return the exit status: 0 ended well, 1 ended by an error.

        Args:
            as_json: Whether events are printed as JSON lines.
            boot: Whether to start only what is wanted: what nobody ever stopped.

        Raises:
            AlreadyRunningError: Another process hosts this service.
        """
        name = self._supervisor.config.name
        lock = self._runtime.instance_lock(name)
        if not lock.acquire():
            raise AlreadyRunningError(f"{name} is running already, in process {lock.holder()}")
        desired = self._supervisor.journal.saved.desired_running
        if boot and desired is False:
            notify("READY=1", "STATUS=stopped by the user")
            return 0
        self._runtime.ports.bus.tap(self._hear)
        self._runtime.listen(print_event_json if as_json else print_event)
        self._wakeup.listen(SIGINT, SIGTERM)
        self._supervisor.start(_start_reason(boot=boot, desired=desired))
        gc.enable()
        interval = watchdog_interval()
        if interval is not None:
            self._beat(interval)
        self._wait()
        self._runtime.ports.bus.drain(1.0)
        lock.release()
        return FAILED if self._failed else 0

    def _beat(self, interval: float) -> None:
        """Tell the watchdog, now and every `interval` seconds, that the service is alive."""
        self._supervisor.pulse(lambda: notify("WATCHDOG=1"))
        self._runtime.ports.clock.call_later(interval, lambda: self._beat(interval))

    def _wait(self) -> None:
        """Sleep in the main thread, where signals arrive, until the service has ended."""
        while self._supervisor.running or self._supervisor.status().restart_in is not None:
            if self._wakeup.sleep():
                self._stop()

    def _stop(self) -> None:
        notify("STOPPING=1")
        asked = self._supervisor.journal.reread().stop_request
        try:
            self._supervisor.stop(asked or StopReason.PROCESS_EXIT)
        except NotRunningError:
            return  # it has just ended by itself

    def _hear(self, event: Event) -> None:
        if event.event == "started":
            notify("READY=1")
        elif event.event == "stopped":
            self._failed = event.data.get("reason") == StopReason.ERROR
            if not event.data.get("forced"):  # else the process is being ended already
                self._wakeup.wake()


def _start_reason(*, boot: bool, desired: bool | None) -> StartReason:
    if boot:
        return StartReason.BOOT
    return StartReason.REPLAY if desired and "INVOCATION_ID" in os.environ else StartReason.USER
