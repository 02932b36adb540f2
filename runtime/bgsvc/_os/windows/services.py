"""The services of a Windows machine, through its service control manager."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial

from bgsvc._model.errors import ServiceInstallError, ServiceUninstallError
from bgsvc._os.errors import (
    DefinitionError,
    NotInstalledError,
    OsServiceError,
    OsServiceTimeoutError,
)
from bgsvc._os.installed import read_command
from bgsvc._os.provenance import read_origin
from bgsvc._os.service import OsService, OsServiceState, OsServiceStatus, Scope
from bgsvc._os.windows import structs as winsvc
from bgsvc._os.windows.command import joined, split
from bgsvc._os.windows.definition import read_generated
from bgsvc._os.windows.log import log_folder, log_path
from bgsvc._os.windows.registry import (
    Settings,
    leftovers,
    read_settings,
    remove_settings,
    write_settings,
)
from bgsvc._os.windows.rights import Opened, Typed
from bgsvc._os.windows.scm import (
    CHANGE,
    DELETE,
    MANAGER_CONNECT,
    MANAGER_CREATE,
    QUERY,
    START,
    STOP,
    Refusal,
    advapi32,
    manager,
    opened,
)
from bgsvc._os.windows.service_config import (
    configure,
    created,
    replaced_definition,
    restored,
    saved,
)
from bgsvc._os.windows.service_control import POLL_INTERVAL_S, begin, end
from bgsvc._os.windows.status import status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from bgsvc._model.platform_reports import SetupIssue
    from bgsvc._os.windows.scm import Handle
    from bgsvc._os.windows.service_config import Saved


class WindowsServices:
    """The machine's services; `scope` is the system's alone."""

    def __init__(self, scope: Scope = Scope.SYSTEM, library: Any = None) -> None:
        self.scope = scope
        self._api = library or advapi32()

    def read(self, path: str) -> OsService:
        """Return the service of a WinSW file, to be hosted by this interpreter instead."""
        return read_generated(path, self.scope)

    def holds(self, label: str) -> bool:
        """Return whether the manager knows the service."""
        try:
            with manager(self._api) as scm, opened(scm, label, QUERY):
                return True
        except Refusal as error:
            return error.code == winsvc.ACCESS_DENIED

    def install(self, service: OsService) -> None:
        """Create the service or change it in place; one that runs is restarted if it differs."""
        if service.scope is not Scope.SYSTEM:
            raise DefinitionError(f"{service.label} is for the user, not for the system")
        line = line_of(service)
        with (
            Typed(service.label, "install", service.source or service.label),
            manager(self._api, MANAGER_CONNECT | MANAGER_CREATE) as scm,
        ):
            if self.holds(service.label):
                self._upgrade(scm, service, line)
            else:
                self._create(scm, service, line)

    def uninstall(self, label: str) -> None:
        """Stop the service, delete it, and remove its keys and its log."""
        with Typed(label, "uninstall"), manager(self._api) as scm:
            try:
                handle = opened(scm, label, QUERY | STOP | DELETE)
            except Refusal as error:
                if error.code != winsvc.SERVICE_DOES_NOT_EXIST:
                    raise
            else:
                with handle:
                    end(handle, label)
                    remove_settings(label)
                    handle.call("DeleteService")
        remove_settings(label)
        self._await_removal(label)
        if os.path.exists(log_folder(label)):
            try:
                shutil.rmtree(log_folder(label))
            except OSError as error:
                text = f"{label} is gone, but not its log: {error}"
                raise ServiceUninstallError(text, fix=f"delete {log_folder(label)}") from error

    def start(self, label: str) -> None:
        """Start the service, and wait until it runs."""
        with Opened(self._api, label, "start", QUERY | START) as handle:
            begin(handle, label)

    def stop(self, label: str) -> None:
        """Stop the service, and wait until it has ended."""
        with Opened(self._api, label, "stop", QUERY | STOP) as handle:
            end(handle, label)

    def restart(self, label: str) -> None:
        """Stop the service if it runs, then start it."""
        with Opened(self._api, label, "restart", QUERY | START | STOP) as handle:
            end(handle, label)
            begin(handle, label)

    def status(self, label: str) -> OsServiceStatus:
        """Return what the manager says, and what is wrong."""
        try:
            with Opened(self._api, label, "status", QUERY) as handle:
                return status_of(handle, label)
        except NotInstalledError:
            return OsServiceStatus(label, self.scope, OsServiceState.NOT_INSTALLED)

    def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what the service wrote into its file."""
        from bgsvc._os.log_file import last_lines

        command = read_command(split(self.status(label).definition or ""))
        return last_lines(command.log or log_path(label), lines, follow=follow)

    def validate(self, label: str) -> tuple[SetupIssue, ...]:
        """Return what is wrong with the installed service."""
        return self.status(label).findings

    def _create(self, scm: Handle, service: OsService, line: str) -> None:
        label = service.label
        with created(scm, service, line) as handle:
            try:
                configure(handle, service)
                write_settings(label, settings_of(service))
                os.makedirs(log_folder(label), exist_ok=True)
            except BaseException as error:
                undone = _undone(lambda: _remove(handle, label), "nothing of it is left")
                if not isinstance(error, Exception):
                    raise
                text = f"{label} was not installed: {error}; {undone}"
                raise ServiceInstallError(text) from error

    def _upgrade(self, scm: Handle, service: OsService, line: str) -> None:
        label, rights = service.label, QUERY | CHANGE | START | STOP
        with opened(scm, label, rights) as handle:
            before, settings = saved(handle), read_settings(label)
            runs = handle.status().state not in {winsvc.STOPPED, winsvc.STOP_PENDING}
            try:
                replaced_definition(handle, service, line)
                configure(handle, service)
                write_settings(label, settings_of(service))
                same = saved(handle).runs_as(before) and read_settings(label) == settings
                if runs and not same:
                    end(handle, label)
                    begin(handle, label)
            except BaseException as error:
                back = partial(_put_back, handle, label, before, settings, runs=runs)
                undone = _undone(back, "the version before it is back")
                if not isinstance(error, Exception):
                    raise
                text = f"{label} was not installed: {error}; {undone}"
                fix = f"look at what it says: python -m bgsvc logs {label}"
                raise ServiceInstallError(text, fix=fix) from error

    def _await_removal(self, label: str) -> None:
        """See that nothing is left; a service somebody holds open goes when they let go."""
        limit = time.monotonic() + 5.0
        while self.holds(label) or leftovers(label):
            if time.monotonic() > limit:
                text = f"{label} is stopped and marked for deletion, but somebody holds it open"
                fix = "close services.msc and whatever else looks at it, or restart Windows"
                raise ServiceUninstallError(text, fix=fix)
            time.sleep(POLL_INTERVAL_S)


def line_of(service: OsService) -> str:
    """Return the command line that Windows starts."""
    log = f"--log={service.log or log_path(service.label)}"
    return joined((*service.program, *service.arguments, log, "--windows-service"))


def settings_of(service: OsService) -> Settings:
    """Return what is kept beside the manager's own configuration."""
    folder = service.working_directory or ""
    if service.source is None:
        return Settings(dict(service.environment), folder)
    origin = read_origin(service.source, service.definition)
    return Settings(dict(service.environment), folder, origin.path, origin.digest)


def _remove(handle: Handle, label: str) -> None:
    remove_settings(label)
    handle.call("DeleteService")
    if os.path.isdir(log_folder(label)):
        os.rmdir(log_folder(label))


def _put_back(handle: Handle, label: str, before: Saved, settings: Settings, *, runs: bool) -> None:
    restored(handle, before)
    write_settings(label, settings)
    if runs:
        end(handle, label)
        begin(handle, label)


def _undone(undo: Callable[[], None], done: str) -> str:
    """Return what came of undoing."""
    try:
        undo()
    except (Refusal, OSError, OsServiceError, OsServiceTimeoutError) as error:
        return f"and what was there could not be put back: {error}"
    return done
