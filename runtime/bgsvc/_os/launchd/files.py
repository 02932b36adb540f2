"""The files of a job: its property list, its log, and a daemon's data."""

from __future__ import annotations

import os
import shutil

from bgsvc._ipc.address import CHANNELS
from bgsvc._os.installed import read_command
from bgsvc._os.launchd import plist
from bgsvc._os.service import OsService, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Places:
    """Where the files of one scope's jobs are.

    Args:
        scope: Whose jobs.
        library: The `Library` folder, where it is not this user's or the machine's.
        channels: Where the folders of daemons' channels are, if not where clients look.
    """

    def __init__(
        self, scope: Scope, library: str | None = None, channels: str | None = None
    ) -> None:
        self.scope = scope
        home = "/" if scope is Scope.SYSTEM else os.path.expanduser("~")
        self._channels = channels or CHANNELS
        self._library = library or os.path.join(home, "Library")

    def file(self, label: str) -> str:
        """Return the property list of a job, where launchd looks for it."""
        folder = "LaunchDaemons" if self.scope is Scope.SYSTEM else "LaunchAgents"
        return os.path.join(self._library, folder, f"{label}.plist")

    def logs(self, label: str) -> str:
        """Return the folder of a job's logs."""
        return os.path.join(self._library, "Logs", label)

    def log(self, label: str) -> str:
        """Return the file that the service itself writes, and turns."""
        return os.path.join(self.logs(label), "service.log")

    def data(self, app: str) -> str | None:
        """Return where a daemon keeps an app's data; None for an agent: where all else does."""
        if self.scope is Scope.USER:
            return None
        return os.path.join(self._library, "Application Support", app)

    def channel(self, label: str) -> str | None:
        """Return the folder of a daemon's channel; None for an agent, which makes its own."""
        return None if self.scope is Scope.USER else os.path.join(self._channels, label)

    def content(self, label: str) -> bytes | None:
        """Return the installed file; None if there is none."""
        try:
            with open(self.file(label), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def keys(self, label: str) -> dict[str, Any]:
        """Return the keys of the installed file; none if there is none."""
        content = self.content(label)
        return {} if content is None else plist.load(content, self.file(label))

    def make(self, service: OsService) -> None:
        """Make the folders that launchd does not make, and give them to whom it runs as."""
        label, data = service.label, self.data(read_command(service.arguments).app)
        for folder in (self.logs(label), data, self.channel(label)):
            if folder is not None:
                _make(folder, service.user)
        if data is not None and self._channels == CHANNELS:
            os.chmod(CHANNELS, 0o755)  # noqa: S103 - each account has a folder in it, umask or not

    def remove(self, label: str) -> None:
        """Remove the folders that nobody needs any more; a daemon's data stay."""
        for folder in (self.logs(label), self.channel(label)):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def write(self, label: str, content: bytes) -> None:
        """Write the file whole or not at all."""
        path = self.file(label)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        new = f"{path}.new-{os.getpid()}"
        try:
            with open(new, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(new, 0o644)
            os.replace(new, path)
        except BaseException:
            if os.path.exists(new):
                os.remove(new)
            raise

    def settle(self, label: str) -> None:
        """Give the file the mode that launchd asks for: nobody but its owner writes it."""
        os.chmod(self.file(label), 0o644)


def _make(folder: str, user: str | None) -> None:
    """Make a folder that is for one account alone; what leads there stays open to all."""
    os.makedirs(os.path.dirname(folder), mode=0o755, exist_ok=True)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, user or 0)
