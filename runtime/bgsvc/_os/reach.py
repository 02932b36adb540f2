"""Whether an installed service's control channel answers."""

from __future__ import annotations

import os

from bgsvc._errors import BackgroundServiceError
from bgsvc._os.service import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgsvc._ipc._address import Address

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
    from bgsvc._ipc._link import linked

    meant = _address(command, scope)
    if meant is None:
        return None
    service, address = meant
    if scope is Scope.SYSTEM and not os.access(address.folder, os.X_OK):
        return False if os.geteuid() == 0 else None
    try:
        linked(address, service, PATIENCE, retry=True).close()
    except (BackgroundServiceError, OSError):
        return False
    return True


def folder_findings(command: Sequence[str], scope: Scope) -> str | None:
    """Return what is wrong with the folder of the channel; None if nothing is, or none is there."""
    from bgsvc._errors import NotAllowedError
    from bgsvc._ipc._address import check_private, system_owner

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
    from bgsvc._ipc._address import address_of
    from bgsvc._json import decode
    from bgsvc._kinds import is_object
    from bgsvc._options import UsageError, parse

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
