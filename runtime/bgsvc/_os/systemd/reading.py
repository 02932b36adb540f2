"""Generated units and their timers, read for this machine."""

from __future__ import annotations

import os

from bgsvc._os.errors import DefinitionError, ProgramError
from bgsvc._os.generated_file import check_name, check_scope, read_content
from bgsvc._os.program import current_program
from bgsvc._os.service import OsService, Scope
from bgsvc._os.systemd.provenance import with_origin
from bgsvc._os.systemd.unit import read_unit, set_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.program import Program


def read_service(path: str, requested: Scope | None) -> OsService:
    """Return the service that a generated unit file defines, to be started by this interpreter.

    Raises:
        DefinitionError: If it is not a generated unit, is renamed, or is for another scope than
            `requested`.
        ProgramError: If this interpreter cannot be what systemd starts.
    """
    text = _text_of(path)
    try:
        unit = read_unit(text)
    except DefinitionError as error:
        raise DefinitionError(f"{path} is not a unit that bgsvc-gen wrote") from error
    scope = Scope(unit.scope)
    check_scope(path, scope, requested)
    check_name(path, os.path.basename(path), f"{unit.label}.service")
    program = current_program()
    _check_reach(program, text, scope)
    return OsService(
        label=unit.label,
        arguments=unit.command[2:],
        scope=scope,
        display_name=unit.description,
        program=(program.path,),
        start_on_boot=unit.start_on_boot,
        definition=with_origin(set_program(text, program), os.path.abspath(path), text).encode(),
        companions=_timer_beside(path, unit.label),
    )


def _text_of(path: str) -> str:
    try:
        return read_content(path).decode()
    except UnicodeDecodeError as error:
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
