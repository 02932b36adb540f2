"""The port between our functions and each system's service manager."""

from __future__ import annotations

import sys

from bgsvc._model.errors import NotSupportedError
from bgsvc._os.service import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from bgsvc._model.platform_reports import SetupIssue
    from bgsvc._os.service import OsService, OsServiceStatus

    class Backend(Protocol):
        """One service manager, of one scope. Each call is idempotent and says what is true after.

        Attributes:
            scope: Whose services it runs.
        """

        scope: Scope

        def read(self, path: str) -> OsService:
            """Return the service that a generated file defines, for this interpreter.

            Raises:
                DefinitionError: If the file is not one of ours, or of the other scope.
                ProgramError: If this interpreter cannot be what the manager starts.
            """
            ...

        def holds(self, label: str) -> bool:
            """Return whether the service is installed here; cheap, starts no process."""
            ...

        def install(self, service: OsService) -> None:
            """Install or upgrade it; one that runs goes on, with the new definition.

            Raises:
                NeedsRootError: With the command to run.
                ServiceInstallError: After everything was put back.
            """
            ...

        def uninstall(self, label: str) -> None:
            """Stop and disable it, remove every trace, reload; nothing if it is not there."""
            ...

        def start(self, label: str) -> None:
            """Start it and wait until it is ready; nothing if it runs.

            Raises:
                NotInstalledError: If there is no such service.
                OsServiceError: If it did not start.
            """
            ...

        def stop(self, label: str) -> None:
            """Stop it and wait until it has ended; nothing if it does not run."""
            ...

        def restart(self, label: str) -> None:
            """Stop it if it runs, then start it."""
            ...

        def status(self, label: str) -> OsServiceStatus:
            """Return what is true now; a service that is not there is `notInstalled`."""
            ...

        def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
            """Yield the last lines it wrote, then new ones if `follow`."""
            ...

        def validate(self, label: str) -> tuple[SetupIssue, ...]:
            """Return what is wrong with the manager, this user or the installed service."""
            ...


def backend_for(scope: Scope) -> Backend:
    """Return this system's service manager for `scope`; no process is started.

    Raises:
        NotSupportedError: If this system has none that we know.
    """
    home = _HOMES.get((sys.platform, scope.value))
    if home is None:
        raise NotSupportedError(f"bgsvc installs no {scope.value} services on {sys.platform}")
    module, _, name = home.partition(":")
    make: Callable[[Scope], Backend] = getattr(__import__(module, fromlist=(name,)), name)
    return make(scope)


_HOMES: dict[tuple[str, str], str] = {
    ("linux", "user"): "bgsvc._os.systemd.backend:Systemd",
    ("linux", "system"): "bgsvc._os.systemd.backend:Systemd",
    ("darwin", "user"): "bgsvc._os.launchd.backend:Launchd",
    ("darwin", "system"): "bgsvc._os.launchd.backend:Launchd",
    ("win32", "user"): "bgsvc._os.windows.tasks:WindowsTasks",
    ("win32", "system"): "bgsvc._os.windows.services:WindowsServices",
}
"""Platform and scope → the class that is called with the scope."""
