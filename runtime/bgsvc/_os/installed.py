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


PATIENCE = 0.5
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

    meant = _address(command, scope)
    if meant is None:
        return None
    service, address = meant
    if scope is Scope.SYSTEM and not os.access(address.folder, os.X_OK):
        return False if os.geteuid() == 0 else None
    try:
        open_connection(address, service, PATIENCE, retry=True).close()
    except (BackgroundServiceError, OSError):
        return False
    return True


def folder_findings(command: Sequence[str], scope: Scope) -> str | None:
    """Return what is wrong with the folder of the channel; None if nothing is, or none is there."""
    from bgsvc._ipc.address import check_private, system_owner
    from bgsvc._model.errors import NotAllowedError

    meant = _address(command, scope)
    if meant is None:
        return None
    folder = meant[1].folder
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


def _address(command: Sequence[str], scope: Scope) -> tuple[str, Address] | None:
    """Return a service's name, and where it listens, by the command that starts it."""
    from bgsvc._desktop.command_line import UsageError, parse
    from bgsvc._ipc.address import address_of
    from bgsvc._lite.guards import is_object
    from bgsvc._lite.json import decode

    words = list(command)
    try:
        given = parse(words[words.index("bgsvc") + 1 :])
        config = decode(given.config or "{}")
    except (UsageError, ValueError):
        return None
    name = config.get("name") if is_object(config) else None
    service = given.name or name
    if given.command != "run" or not isinstance(service, str) or not service:
        return None
    return service, address_of(service, given.app, given.data_dir, scope.value)


@dataclass(frozen=True)
class Hosted:
    """The service that a command line hosts.

    Attributes:
        name: Its name; empty if only its class can tell.
        folder: Where its state is.
        app: Its app's id.
        stop_timeout: Seconds it has to end.
        log: The file it writes to; None for its standard output.
    """

    name: str
    folder: str
    app: str
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

    def answers(self, scope: Scope) -> bool | None:
        """Return whether its channel answers; None if only its class can tell its name."""
        from bgsvc._ipc.client import is_reachable

        if not self.name:
            return None
        return is_reachable(self.name, app=self.app, scope=scope.value)

    def _state(self) -> str:
        """Return what the run has noted; nothing before it has, were its lock taken already."""
        if not self.name:
            return "" if self.process() is None else "running"
        found = run_lock(self.folder, self.name).look()
        # A word that an earlier process left behind is nobody's, even if the lock is taken anew.
        return "" if found is None or found[0] != self.process() else found[1]

    def want(self) -> None:
        """Write down that it is to run: a start that somebody asked for ends their stop."""
        from bgsvc._lite.dataclasses import replace
        from bgsvc._storage.state_file import StateFile

        file = StateFile(self.folder, self.name)
        if self.name and file.peek().desired_running is False:
            file.update(lambda saved: replace(saved, desired_running=True, stop_request=None))


def hosted(words: Sequence[str]) -> Hosted:
    """Return the service that `… -m bgsvc run …` hosts; `words` may begin with the interpreter."""
    from bgsvc._storage.folders import default_data_dir

    given = list(words)
    while given and given[:2] != ["-m", "bgsvc"]:
        del given[0]
    options = parse(given[2:] or ["run"])
    name, timeout = options.name or "", options.stop_timeout
    fields = decode(options.config) if options.config else None
    if is_object(fields):
        config = config_from_wire(fields)
        name, timeout = config.name, config.stop_timeout
    app = options.app or "bgsvc"
    data = options.data_dir or default_data_dir(app)
    return Hosted(name, state_dir_in(data), app, timeout, options.log)
