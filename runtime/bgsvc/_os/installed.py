"""An installed command line, read back: whom it hosts, and where that keeps its state."""

from __future__ import annotations

import os

from bgsvc._desktop.command_line import parse
from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.guards import is_object
from bgsvc._lite.json import decode
from bgsvc._model.config import config_from_wire
from bgsvc._model.errors import BackgroundServiceError
from bgsvc._os.service import Scope
from bgsvc._storage.folders import state_dir_in
from bgsvc._storage.locks import InstanceLock, run_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgsvc._ipc.address import Address


CONNECT_TIMEOUT_S = 0.5
"""Seconds that a daemon has to answer; it opens its channel a moment after it is ready."""


def channel_answers(command: Sequence[str], scope: Scope) -> bool | None:
    """Say hello to the daemon that `command` starts.

    Args:
        command: The words that the service manager starts, `-m bgsvc run …` among them.
        scope: Whose service it is.

    Returns:
        Whether it answers; None if this user may not ask, or the command is not one of ours.
    """
    from bgsvc._ipc.connection import open_connection

    installed = read_command(command)
    address = installed.address(scope)
    if address is None:
        return None
    if scope is Scope.SYSTEM and address.folder and not os.access(address.folder, os.X_OK):
        return False if os.geteuid() == 0 else None
    try:
        open_connection(address, installed.name, CONNECT_TIMEOUT_S, retry=True).close()
    except (BackgroundServiceError, OSError):
        return False
    return True


def folder_findings(command: Sequence[str], scope: Scope) -> str | None:
    """Return what is wrong with the folder of the channel; None if nothing is, or none is there."""
    from bgsvc._ipc.address import check_private, system_owner
    from bgsvc._model.errors import NotAllowedError

    address = read_command(command).address(scope)
    if address is None:
        return None
    folder = address.folder
    try:
        if scope is Scope.SYSTEM:
            system_owner(folder)
        else:
            check_private(folder, os.geteuid())
    except NotAllowedError as error:
        return error.message
    except OSError:
        return None  # the service makes it when it starts
    return None


@dataclass(frozen=True)
class InstalledCommand:
    """An installed command line, `-m bgsvc run ...`, and the service that it hosts.

    Attributes:
        name: Its name; empty if only its class can tell.
        folder: Where its state is.
        app: Its app's id.
        data_dir: The folder of its app's data; None for the usual one.
        stop_timeout: Seconds it has to end.
        log: The file it writes to; None for its standard output.
    """

    name: str
    folder: str
    app: str
    data_dir: str | None
    stop_timeout: float
    log: str | None

    def process(self) -> int | None:
        """Return the process that hosts it now; None if there is none."""
        return InstanceLock(self.folder, self.name).holder() if self.name else None

    def ready(self) -> bool:
        """Return whether its `init` is done, and it has not ended: what READY is to systemd."""
        return self._state() == "running"

    def runs(self) -> bool:
        """Return whether it is ready, or about to end."""
        return self._state() in {"running", "stopping"}

    def last_run(self) -> int:
        """Return the number of the last run that was begun; 0 if only its class can tell."""
        from bgsvc._storage.state_file import StateFile

        return StateFile(self.folder, self.name).peek().run if self.name else 0

    def address(self, scope: Scope) -> Address | None:
        """Return where the service listens; None if only its class can tell its name."""
        from bgsvc._ipc.address import address_of

        if not self.name:
            return None
        return address_of(self.name, self.app, self.data_dir, scope.value)

    def _state(self) -> str:
        """Return what the run has noted; nothing before it has, were its lock taken already."""
        if not self.name:
            return "" if self.process() is None else "running"
        found = run_lock(self.folder, self.name).look()
        # A word that an earlier process left behind is nobody's, even if the lock is taken anew.
        return "" if found is None or found[0] != self.process() else found[1]

    def set_desired_running(self) -> None:
        """Write down that the service is to run, if its user had stopped it."""
        if self.name:
            set_desired_running(self.folder, self.name)


def set_desired_running(folder: str, service: str) -> None:
    """Write into a state file that the service is to run: a requested start ends a stop.

    Args:
        folder: The folder of the service's state.
        service: Its name.
    """
    from bgsvc._lite.dataclasses import replace
    from bgsvc._storage.state_file import StateFile

    file = StateFile(folder, service)
    if file.peek().desired_running is False:
        file.update(lambda before: replace(before, desired_running=True, stop_request=None))


def read_command(words: Sequence[str]) -> InstalledCommand:
    """Return what `... -m bgsvc run ...` hosts; `words` may begin with the interpreter.

    A command that is not one of ours hosts a service without a name.
    """
    from bgsvc._storage.folders import default_data_dir

    arguments = list(words)
    while arguments and arguments[:2] != ["-m", "bgsvc"]:
        del arguments[0]
    try:
        options = parse(arguments[2:] or ["run"])
        fields = decode(options.config) if options.config else None
        config = config_from_wire(fields) if is_object(fields) else None
    except (BackgroundServiceError, ValueError):
        options, config = parse(["run"]), None
    name, timeout = options.name or "", options.stop_timeout
    if config is not None:
        name, timeout = config.name, config.stop_timeout
    if options.command != "run":
        name = ""
    app = options.app or "bgsvc"
    data = options.data_dir or default_data_dir(app)
    return InstalledCommand(name, state_dir_in(data), app, options.data_dir, timeout, options.log)
