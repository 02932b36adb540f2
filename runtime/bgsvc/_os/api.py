"""The module functions about the operating system's services."""

from __future__ import annotations

import os

from bgsvc._os.backend import backend_for
from bgsvc._os.definition import read_definition
from bgsvc._os.service import OsService, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.backend import Backend
    from bgsvc._os.service import OsServiceStatus


def install_service(
    service: str | os.PathLike[str] | OsService,
    *,
    scope: Scope | str | None = None,
    start: bool = False,
) -> OsServiceStatus:
    """Install or upgrade a service of the operating system, and return its status.

    A service that runs is restarted if its definition changed. A failure half-way puts back what
    was there.

    Args:
        service: The file that `bgsvc-gen desktop` wrote for this system, or the service as data.
        scope: `user` or `system`; by default what the file says.
        start: Whether to start it as well.

    Raises:
        NeedsRootError: With the command to run.
        ServiceInstallError: If the system refused.
    """
    if isinstance(service, OsService):
        definition, chosen = service, Scope(scope or service.scope)
    else:
        definition = read_definition(os.fspath(service), Scope(scope) if scope else None)
        chosen = definition.scope
    backend = backend_for(chosen)
    backend.install(definition)
    if start:
        backend.start(definition.label)
    return backend.status(definition.label)


def uninstall_service(label: str, *, scope: Scope | str | None = None) -> OsServiceStatus:
    """Stop a service, disable it and remove every trace of it; its data stay.

    Raises:
        NeedsRootError: With the command to run.
        ServiceUninstallError: If something of it could not be removed.
    """
    backend = backend_of(label, scope)
    backend.uninstall(label)
    return backend.status(label)


def start_os_service(label: str, *, scope: Scope | str | None = None) -> OsServiceStatus:
    """Start an installed service and return once its `init` is done.

    Raises:
        NotInstalledError: If there is no such service.
        OsServiceError: If it did not start.
    """
    backend = backend_of(label, scope)
    backend.start(label)
    return backend.status(label)


def stop_os_service(label: str, *, scope: Scope | str | None = None) -> OsServiceStatus:
    """Stop an installed service until it is started again, or the next boot starts it.

    Raises:
        NotInstalledError: If there is no such service.
    """
    backend = backend_of(label, scope)
    backend.stop(label)
    return backend.status(label)


def restart_os_service(label: str, *, scope: Scope | str | None = None) -> OsServiceStatus:
    """Stop an installed service if it runs, and start it.

    Raises:
        NotInstalledError: If there is no such service.
        OsServiceError: If it did not start.
    """
    backend = backend_of(label, scope)
    backend.restart(label)
    return backend.status(label)


def get_os_service_status(label: str, *, scope: Scope | str | None = None) -> OsServiceStatus:
    """Return what the system's service manager says of a service, and what is wrong with it."""
    return backend_of(label, scope).status(label)


def backend_of(label: str, scope: Scope | str | None) -> Backend:
    """Return the backend for `label`: of `scope`, else the one that has it, else the user's."""
    if scope:
        return backend_for(Scope(scope))
    user = backend_for(Scope.USER)
    if user.holds(label):
        return user
    system = backend_for(Scope.SYSTEM)
    return system if system.holds(label) else user
