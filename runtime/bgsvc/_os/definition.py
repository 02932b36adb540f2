"""Reads a file that `bgsvc-gen desktop` wrote, once; the file says which scope it is for."""

from __future__ import annotations

import sys

from bgsvc._model.errors import NotSupportedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._os.service import OsService, Scope

_READERS = {
    "linux": "bgsvc._os.systemd.reading:read_service",
    "darwin": "bgsvc._os.launchd.plist:read_service",
    "win32": "bgsvc._os.windows.definition:read_generated",
}
"""Platform -> the function that reads its generated files."""


def read_definition(path: str, scope: Scope | None = None) -> OsService:
    """Return the service that a generated file defines, to be started by this interpreter.

    Args:
        path: A generated unit, property list, task file or WinSW file.
        scope: The scope that the caller asks for; None for the scope of the file.

    Raises:
        DefinitionError: If the file cannot be read, is not a generated one, has another name
            than its service, or is for another scope than `scope`.
        NotSupportedError: If this system has no service manager that bgsvc knows.
        ProgramError: If this interpreter cannot be what the service manager starts.
    """
    reader = _READERS.get(sys.platform)
    if reader is None:
        raise NotSupportedError(f"bgsvc installs no services on {sys.platform}")
    module, _, name = reader.partition(":")
    read: Callable[[str, Scope | None], OsService]
    read = getattr(__import__(module, fromlist=(name,)), name)
    return read(path, scope)
