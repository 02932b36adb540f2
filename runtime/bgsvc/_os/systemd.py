"""systemd: units of the user's manager or of the system's."""

from __future__ import annotations

import os
import subprocess

from bgsvc._errors import ServiceInstallError, ServiceUninstallError
from bgsvc._os.errors import DefinitionError, NotInstalledError, OsServiceError, ProgramError
from bgsvc._os.files import File, folder_of, search_path
from bgsvc._os.origin import origin_of, with_origin
from bgsvc._os.program import current_program, refuse_without_root
from bgsvc._os.service import OsService, Scope
from bgsvc._os.systemctl import Systemctl
from bgsvc._os.unit import aimed, read_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bgsvc._os.program import Program
    from bgsvc._os.service import OsServiceStatus
    from bgsvc._validate import SetupIssue

MARGIN = 10.0
"""Seconds beyond what the unit allows that we wait for systemd."""

_TIMES = ("TimeoutStartUSec", "TimeoutStopUSec")


class Systemd:
    """The services of one of systemd's managers."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._systemctl = Systemctl(scope)

    def read(self, path: str) -> OsService:
        """Return the service that a generated unit file defines, aimed at this interpreter."""
        text = _text_of(path)
        unit = read_unit(text)
        if unit.scope != self.scope.value:
            fix = f"say --scope={unit.scope}, or change the scope in bgsvc.toml and generate again"
            raise DefinitionError(f"{path} is for the {unit.scope} scope", fix=fix)
        if os.path.basename(path) != f"{unit.label}.service":
            raise DefinitionError(f"{path} defines {unit.label}; a unit is named by its file")
        program = current_program()
        _check_reach(program, text, self.scope)
        return OsService(
            label=unit.label,
            arguments=unit.command[2:],
            scope=self.scope,
            display_name=unit.description,
            program=(program.path,),
            start_on_boot=unit.start_on_boot,
            definition=with_origin(aimed(text, program), os.path.abspath(path), text).encode(),
            companions=_timer_beside(path, unit.label),
        )

    def holds(self, label: str) -> bool:
        """Return whether any folder that the manager reads has the unit."""
        names = (os.path.join(folder, f"{label}.service") for folder in search_path(self.scope))
        return any(map(os.path.lexists, names))

    def install(self, service: OsService) -> None:
        """Install or upgrade it; what fails half-way is put back."""
        if not service.definition:
            raise DefinitionError(f"{service.label} has no unit; read it from a generated file")
        origin = origin_of(service.definition.decode())
        self._require_rights("install", origin.path if origin else _unit(service.label))
        files = self._files(service)
        before = self._running(service.label)
        try:
            changed = [file.write() for file in files]
            self._take_over(service)
            if before and any(changed):
                self._systemctl.run(
                    "restart", _unit(service.label), timeout=self._timeout(service.label)
                )
        except BaseException as error:
            undone = self._put_back(files, service.label, running=before)
            if not isinstance(error, Exception):
                raise
            text = f"{service.label} was not installed: {_said(error)}; {undone}"
            raise ServiceInstallError(text, fix=self._logs_fix(service.label)) from error

    def uninstall(self, label: str) -> None:
        """Stop and disable it, remove its files and drop-ins, reload; its data stay."""
        self._require_rights("uninstall", label)
        names = [f"{label}.timer", _unit(label)]
        own = folder_of(self.scope)
        for name in names:
            if self._systemctl.show(name, ["LoadState"])["LoadState"] == "not-found":
                continue
            self._systemctl.run("stop", name, timeout=self._timeout(label), check=False)
            self._systemctl.run("disable", name, check=False)
        left = [error for name in names for error in File(own, name).remove_all()]
        self._systemctl.run("daemon-reload")
        self._systemctl.run("reset-failed", *names, check=False)
        foreign = [folder for folder in search_path(self.scope) if _has(folder, names)]
        if foreign:
            fix = "remove the package that put it there; it is stopped and disabled"
            raise ServiceUninstallError(f"{label} is in {foreign[0]}, not ours to remove", fix=fix)
        if left:
            text = f"{label} is stopped and disabled, but: {'; '.join(left)}"
            raise ServiceUninstallError(text, fix="remove the file, then systemctl daemon-reload")

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
        from bgsvc._os.systemd_status import status_of

        return status_of(label, self.scope, self._systemctl)

    def logs(self, label: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield what the journal has."""
        self._require_there(label)
        return self._systemctl.journal(_unit(label), lines=lines, follow=follow)

    def validate(self, label: str) -> tuple[SetupIssue, ...]:
        """Return what is wrong with the manager, this user or the installed unit."""
        return self.status(label).findings

    def _act(self, verb: str, label: str) -> None:
        self._require_rights(verb, label)
        self._require_there(label)
        unit = _unit(label)
        if verb != "stop":
            self._systemctl.run("reset-failed", unit, check=False)
            self._want(label)
        try:
            self._systemctl.run(verb, unit, timeout=self._timeout(label))
        except subprocess.CalledProcessError as error:
            found = self._systemctl.show(unit, ["Result", "ExecMainStatus", "LoadState"])
            if found["LoadState"] == "not-found":
                raise NotInstalledError(f"there is no service {label}") from error
            why = f"{found['Result']}, exit status {found['ExecMainStatus']}"
            text = f"{label} did not {verb}: {why}"
            raise OsServiceError(text, fix=self._logs_fix(label)) from error

    def _want(self, label: str) -> None:
        """Write down that the service is wanted, if its user had stopped it.

        A system service cannot ask whether somebody or the boot starts it: without nss-systemd
        the bus knows no account that `DynamicUser=` makes.
        """
        if self.scope is Scope.USER:
            return
        from bgsvc._ports import state_dir_in
        from bgsvc._record import replaced
        from bgsvc._store import StateFile

        folder = state_dir_in(os.path.join("/var/lib", label))
        file = StateFile(folder, label.rpartition(".")[2])
        if os.path.isdir(folder) and file.peek().desired_running is False:
            file.update(lambda saved: replaced(saved, desired_running=True, stop_request=None))

    def _take_over(self, service: OsService) -> None:
        """Have the manager read the files, and enable or disable them; each step idempotent."""
        unit = _unit(service.label)
        self._systemctl.run("daemon-reload")
        found = self._systemctl.show(unit, ["LoadState", "LoadError"])
        if found["LoadState"] != "loaded":
            raise OsServiceError(f"systemd does not take it: {found}")
        if service.companions:
            for name in service.companions:
                self._systemctl.run("reenable", name)
                self._systemctl.run("restart", name)
        elif service.start_on_boot:
            self._systemctl.run("reenable", unit)
        else:
            self._systemctl.run("disable", unit)

    def _put_back(self, files: list[File], label: str, *, running: bool) -> str:
        """Return what came of restoring the files, and the service as it was."""
        try:
            for file in files:
                file.restore()
            self._systemctl.run("daemon-reload", check=False)
            if not self.holds(label):
                return "nothing of it is left"
            if running:
                timeout = self._timeout(label)
                self._systemctl.run("reset-failed", _unit(label), check=False)
                self._systemctl.run("restart", _unit(label), timeout=timeout)
                return "the version before it runs again"
        except (OSError, subprocess.SubprocessError, OsServiceError) as error:
            return f"and the version before it could not be put back: {_said(error)}"
        return "the version before it is back"

    def _files(self, service: OsService) -> list[File]:
        own = folder_of(self.scope)
        files = [File(own, _unit(service.label), service.definition)]
        return files + [File(own, name, text) for name, text in service.companions.items()]

    def _running(self, label: str) -> bool:
        found = self._systemctl.show(_unit(label), ["ActiveState"])
        return found["ActiveState"] in {"active", "activating", "reloading"}

    def _timeout(self, label: str) -> float:
        found = self._systemctl.show(_unit(label), [*_TIMES, "LoadState"])
        return MARGIN + sum(span(found.get(name, "")) for name in _TIMES)

    def _require_rights(self, verb: str, *words: str) -> None:
        if self.scope is Scope.SYSTEM:
            refuse_without_root(verb, *words, "--scope=system")
        self._systemctl.require()

    def _require_there(self, label: str) -> None:
        if not self.holds(label):
            raise NotInstalledError(f"there is no {self.scope.value} service {label}")

    def _logs_fix(self, label: str) -> str:
        which = "--user-unit" if self.scope is Scope.USER else "--unit"
        return f"look at what it says: journalctl {which}={_unit(label)}"


def span(text: str) -> float:
    """Return the seconds of a time span as systemd prints it, such as `1min 30s`."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    total = 0.0
    for part in text.split():
        number = part.rstrip("abcdefghijklmnopqrstuvwxyz")
        try:
            total += float(number) * units[part[len(number) :]]
        except (KeyError, ValueError):
            return 86400.0  # `infinity`: a day is long enough
    return total


def _unit(label: str) -> str:
    return f"{label}.service"


def _has(folder: str, names: list[str]) -> bool:
    return any(os.path.lexists(os.path.join(folder, name)) for name in names)


def _said(error: BaseException) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return str(error.stderr).strip() or str(error)
    return str(error)


def _text_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path} cannot be read: {error}") from error


def _timer_beside(path: str, label: str) -> dict[str, bytes]:
    """Return the timer that was generated beside a unit, by its file's name."""
    name = f"{label}.timer"
    try:
        with open(os.path.join(os.path.dirname(path), name), "rb") as file:
            return {name: file.read()}
    except FileNotFoundError:
        return {}


def _check_reach(program: Program, text: str, scope: Scope) -> None:
    """Refuse a Python that the unit's sandbox hides from the service."""
    if scope is Scope.USER or "\nProtectHome=yes\n" not in text:
        return
    real = os.path.realpath(program.path)
    for path in (program.path, real):
        for folder in ("/home/", "/root/", "/run/user/"):
            if path.startswith(folder):
                fix = "install the app outside it, as in /opt, or relax home in bgsvc.toml"
                text = f"{path} is in {folder}, which the service's sandbox hides"
                raise ProgramError(text, fix=fix)
