"""Putting units where systemd reads them, and taking them away again."""

from __future__ import annotations

import os
import subprocess

from bgsvc._model.errors import ServiceInstallError, ServiceUninstallError
from bgsvc._os.errors import DefinitionError, OsServiceError
from bgsvc._os.service import OsService, Scope
from bgsvc._os.systemd.files import File, folder_of, search_path
from bgsvc._os.systemd.systemctl import Systemctl, logs_fix, unit_of

AFTER_START = b"\nOnStartupSec="
"""What a timer has that is for the next boot: one that is started later rings at once."""


class Units:
    """The unit of a service, and the timer beside it, in the folder that is ours.

    Args:
        label: The service.
        scope: Whose manager reads them.
        systemctl: Its tools.
    """

    def __init__(self, label: str, scope: Scope, systemctl: Systemctl) -> None:
        self._label = label
        self._unit = unit_of(label)
        self._timer = f"{label}.timer"
        self._own = folder_of(scope)
        self._folders = search_path(scope)
        self._systemctl = systemctl
        self._scope = scope

    def there(self) -> bool:
        """Return whether any folder that the manager reads has the unit."""
        return any(_has(folder, [self._unit]) for folder in self._folders)

    def install(self, service: OsService) -> None:
        """Install or upgrade the service; what fails half-way is put back.

        Raises:
            ServiceInstallError: After everything was put back.
        """
        files, runs = self._files(service), self._runs()
        try:
            changed = [file.write() for file in files]
            self._take_over(service)
            if runs and any(changed):
                patience = self._systemctl.patience(self._label)
                self._systemctl.run("restart", self._unit, timeout=patience)
        except BaseException as error:
            undone = self._put_back(files, runs=runs)
            if not isinstance(error, Exception):
                raise
            text = f"{self._label} was not installed: {_said(error)}; {undone}"
            raise ServiceInstallError(text, fix=logs_fix(self._label, self._scope)) from error

    def uninstall(self) -> None:
        """Stop and disable it, remove its files and drop-ins, reload; its data stay.

        Raises:
            ServiceUninstallError: If something of it is left.
        """
        label, names = self._label, [self._timer, self._unit]
        for name in names:
            if self._systemctl.show(name, ["LoadState"])["LoadState"] == "not-found":
                continue
            self._systemctl.run("stop", name, timeout=self._systemctl.patience(label), check=False)
            self._systemctl.run("disable", name, check=False)
        left = [error for name in names for error in File(self._own, name).remove_all()]
        self._systemctl.run("daemon-reload")
        self._systemctl.run("reset-failed", *names, check=False)
        foreign = [folder for folder in self._folders if _has(folder, names)]
        if foreign:
            fix = "remove the package that put it there; it is stopped and disabled"
            raise ServiceUninstallError(f"{label} is in {foreign[0]}, not ours to remove", fix=fix)
        if left:
            text = f"{label} is stopped and disabled, but: {'; '.join(left)}"
            raise ServiceUninstallError(text, fix="remove the file, then systemctl daemon-reload")

    def _files(self, service: OsService) -> list[File]:
        """Return what is to be there; a timer that an earlier version had is to be gone."""
        if not service.definition:
            raise DefinitionError(f"{self._label} has no unit; read it from a generated file")
        content = {self._timer: None, **service.companions, self._unit: service.definition}
        return [File(self._own, name, text) for name, text in content.items()]

    def _take_over(self, service: OsService) -> None:
        """Have the manager read the files, and enable or disable them; each step idempotent."""
        if self._timer not in service.companions:
            self._systemctl.run("stop", self._timer, check=False)
            self._systemctl.run("disable", self._timer, check=False)
        self._systemctl.run("daemon-reload")
        found = self._systemctl.show(self._unit, ["LoadState", "LoadError"])
        if found["LoadState"] != "loaded":
            raise OsServiceError(f"systemd does not take it: {found}")
        for name, content in service.companions.items():
            self._systemctl.run("reenable", name)
            if AFTER_START not in content:
                self._systemctl.run("restart", name)
        if service.companions or not service.start_on_boot:
            self._systemctl.run("disable", self._unit)
        else:
            self._systemctl.run("reenable", self._unit)

    def _put_back(self, files: list[File], *, runs: bool) -> str:
        """Return what came of restoring the files, and the service as it was."""
        try:
            for file in files:
                file.restore()
            self._systemctl.run("daemon-reload", check=False)
            if not self.there():
                return "nothing of it is left"
            if runs:
                self._systemctl.run("reset-failed", self._unit, check=False)
                patience = self._systemctl.patience(self._label)
                self._systemctl.run("restart", self._unit, timeout=patience)
                return "the version before it runs again"
        except (OSError, subprocess.SubprocessError, OsServiceError) as error:
            return f"and the version before it could not be put back: {_said(error)}"
        return "the version before it is back"

    def _runs(self) -> bool:
        found = self._systemctl.show(self._unit, ["ActiveState"])
        return found["ActiveState"] in {"active", "activating", "reloading"}


def _has(folder: str, names: list[str]) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in names)


def _said(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr).strip() or str(error)
    return str(error)
