"""What can go wrong between us and the system's service manager; none of it crosses the bridge."""

from __future__ import annotations

from bgsvc._model.errors import PlatformError


class NeedsRootError(PlatformError):
    """Only root, or an administrator, may do this; `fix` is the command to run."""

    default_code = "needsRoot"


class NotInstalledError(PlatformError):
    """The service manager knows no such service."""

    default_code = "notInstalled"
    default_fix = "install it first: python -m bgsvc install FILE"


class NoServiceManagerError(PlatformError):
    """The system's service manager is not there, or does not answer."""

    default_code = "managerMissing"


class OsServiceTimeoutError(PlatformError):
    """The service manager did not get it done in time."""

    default_code = "osTimeout"
    default_fix = "look at what the service says: python -m bgsvc logs"


class DefinitionError(PlatformError):
    """A service's definition cannot be read, or cannot be installed as it is."""

    default_code = "definitionInvalid"
    default_fix = "write the file again with `bgsvc-gen desktop`"


class ProgramError(PlatformError):
    """What runs this process cannot be what a service manager starts."""

    default_code = "programUnfit"


class OsServiceError(PlatformError):
    """The service manager refused, or the service failed to start."""

    default_code = "osService"
    default_fix = "look at what the service says: python -m bgsvc logs"
