"""`python -m bgsvc run … --windows-service`: one service, for the service control manager."""

from __future__ import annotations

import os
import sys

from bgsvc._daemon.service_process import ServiceProcess
from bgsvc._os.log_file import RotatedFile
from bgsvc._os.windows.control_link import START_HINT, ControlLink
from bgsvc._os.windows.log import EventLog, log_path
from bgsvc._os.windows.registry import read_settings
from bgsvc._os.windows.stop_event import listen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._desktop.command_line import Options
    from bgsvc._model.config import ServiceConfig
    from bgsvc._model.event import Event

STOP_MARGIN = 5.0
"""Seconds beyond the stop timeout that the manager is asked for: the runtime ends a late run."""


class WindowsServiceProcess(ServiceProcess):
    """A service process that answers to the service control manager."""

    def __init__(
        self,
        link: ControlLink,
        config: ServiceConfig,
        *,
        app: str | None,
        data_dir: str | None,
    ) -> None:
        super().__init__(config, app=app, data_dir=data_dir)
        self._link = link
        self._log = EventLog(link.label)
        self._started = False

    def serve(self, *, as_json: bool, again: bool) -> int:
        """Run the service; what the manager hears last is how it ended."""
        self._keep_starting()
        status = self.run(as_json=as_json, boot=self._link.started_by_boot(), again=again)
        if status:
            self._log.error(f"{self._link.label} failed with exit status {status}; see its log")
        return status

    def ask_to_stop(self) -> None:
        """End the service; from any thread."""
        self._link.stopping(self._supervisor.config.stop_timeout + STOP_MARGIN)
        super().ask_to_stop()

    def _keep_starting(self) -> None:
        """Ask for more time while `init` runs and its event loop answers."""
        if self._started:
            return
        self._supervisor.pulse(self._link.starting)
        self._runtime.ports.clock.call_later(START_HINT / 3, self._keep_starting)

    def _hear(self, event: Event) -> None:
        if event.event == "started":
            self._started = True
            self._link.running()
        super()._hear(event)


def _settle(label: str, log: str) -> None:
    """Give this process what a service lacks: variables, a folder, somewhere to print to.

    The manager starts it in the system's folder, where a file made by the way does harm.
    """
    sys.stdout = sys.stderr = RotatedFile(log)
    settings = read_settings(label)
    os.environ.update(settings.environment)
    os.environ["BGSVC_MODE"] = "windowsService"
    folder = os.path.dirname(log)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    os.chdir(os.path.expandvars(settings.folder) or folder)


def host(make: Callable[[], ServiceConfig], given: Options) -> int:
    """Be the service that the service control manager starts; return the exit status.

    Args:
        make: Returns the service's configuration; called once the manager has been told that we
            are here, for importing a class may take longer than it waits.
        given: What the command line says of the rest.

    Raises:
        NotAServiceError: If the manager did not start this process.
    """
    found: list[WindowsServiceProcess] = []
    asked: list[bool] = []

    def stop() -> None:
        asked.append(True)
        for process in found:
            process.ask_to_stop()

    link = ControlLink(stop)
    link.open()
    status = 1
    try:
        _settle(link.label, given.log or log_path(link.label))
        process = WindowsServiceProcess(link, make(), app=given.app, data_dir=given.data_dir)
        found.append(process)
        listen(process.ask_to_stop)
        if asked:
            process.ask_to_stop()
        status = process.serve(as_json=given.json, again=given.again)
    except BaseException as error:
        EventLog(link.label).error(f"{link.label} could not start: {error!r}")
        raise
    finally:
        link.stopped(status)
    return status
