"""systemd: units of the user's manager or of the system's."""

from __future__ import annotations

import os
import subprocess

from bgsvc._os.errors import NotInstalledError, OsServiceError
from bgsvc._os.program import refuse_without_root
from bgsvc._os.service import Scope
from bgsvc._os.systemd.installing import Units
from bgsvc._os.systemd.provenance import origin_of
from bgsvc._os.systemd.systemctl import Systemctl, logs_fix, unit_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bgsvc._model.platform_reports import SetupIssue
    from bgsvc._os.service import OsService, OsServiceStatus


class Systemd:
    """The services of one of systemd's managers."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._systemctl = Systemctl(scope)

    def read(self, path: str) -> OsService:
        """Return the service that a generated unit file defines, for this interpreter."""
        from bgsvc._os.systemd.reading import read_service

        return read_service(path, self.scope)

    def holds(self, label: str) -> bool:
        """Return whether any folder that the manager reads has the unit."""
        return self._units(label).there()

    def install(self, service: OsService) -> None:
        """Install or upgrade it; what fails half-way is put back."""
        origin = origin_of(service.definition.decode())
        self._require_rights("install", origin.path if origin else unit_of(service.label))
        self._units(service.label).install(service)

    def uninstall(self, label: str) -> None:
        """Stop and disable it, remove its files and drop-ins, reload; its data stay."""
        self._require_rights("uninstall", label)
        self._units(label).uninstall()

    def start(self, label: str) -> None:
        """Start it and wait for its READY; one that systemd gave up is given another chance."""
        self._act("start", label)

    def stop(self, label: str) -> None:
        """Stop it and wait until its processes have ended."""
        self._act("stop", label)

    def restart(self, label: str) -> None:
        """Stop it if it runs, and start it."""
        self._act("restart", label)

    def status(self, label: str) -> OsServiceStatus:
        """Return what is true now, with what is wrong and how to mend it."""
        from bgsvc._os.systemd.status import status_of

        return status_of(label, self.scope, self._systemctl)

    def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what the journal has."""
        self._require_there(label)
        return self._systemctl.journal(unit_of(label), lines=lines, follow=follow)

    def validate(self, label: str) -> tuple[SetupIssue, ...]:
        """Return what is wrong with the manager, this user or the installed unit."""
        return self.status(label).findings

    def _act(self, verb: str, label: str) -> None:
        self._require_rights(verb, label)
        self._require_there(label)
        unit = unit_of(label)
        if verb != "stop":
            self._systemctl.run("reset-failed", unit, check=False)
            self._set_desired_running(label)
        try:
            self._systemctl.run(verb, unit, timeout=self._systemctl.patience(label))
        except subprocess.CalledProcessError as error:
            found = self._systemctl.show(unit, ["Result", "ExecMainStatus", "LoadState"])
            if found["LoadState"] == "not-found":
                raise NotInstalledError(f"there is no service {label}") from error
            why = f"{found['Result']}, exit status {found['ExecMainStatus']}"
            text = f"{label} did not {verb}: {why}"
            raise OsServiceError(text, fix=logs_fix(label, self.scope)) from error

    def _set_desired_running(self, label: str) -> None:
        """Write down that the service is wanted, if its user had stopped it.

        A system service cannot ask whether somebody or the boot starts it: without nss-systemd
        the bus knows no account that `DynamicUser=` makes.
        """
        if self.scope is Scope.USER:
            return
        from bgsvc._os.installed import set_desired_running
        from bgsvc._storage.folders import state_dir_in

        folder = state_dir_in(os.path.join("/var/lib", label))
        if os.path.isdir(folder):
            set_desired_running(folder, label.rpartition(".")[2])

    def _units(self, label: str) -> Units:
        return Units(label, self.scope, self._systemctl)

    def _require_rights(self, verb: str, *words: str) -> None:
        if self.scope is Scope.SYSTEM:
            refuse_without_root(verb, *words, "--scope=system")
        self._systemctl.require()

    def _require_there(self, label: str) -> None:
        if not self.holds(label):
            raise NotInstalledError(f"there is no {self.scope.value} service {label}")
