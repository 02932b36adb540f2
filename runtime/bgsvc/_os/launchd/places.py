"""The files of a job: its property list, its log, and a daemon's data."""

from __future__ import annotations

import os
import shutil

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
    """

    def __init__(self, scope: Scope, library: str | None = None) -> None:
        self.scope = scope
        home = "/" if scope is Scope.SYSTEM else os.path.expanduser("~")
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
        folders = [self.logs(service.label)]
        data = self.data(plist.app_of(service.arguments))
        if data is not None:
            folders.append(data)
        for folder in folders:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if service.user is not None:
                shutil.chown(folder, service.user)

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
