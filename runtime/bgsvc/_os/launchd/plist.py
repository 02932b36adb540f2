"""launchd's property lists: what `bgsvc-gen` writes, read and checked."""

from __future__ import annotations

import os

from bgsvc._os.errors import DefinitionError
from bgsvc._os.generated_file import check_name, check_scope, read_content
from bgsvc._os.program import current_program
from bgsvc._os.service import OsService, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


GENERATED = ("/usr/bin/env", "python3")
"""What a generated file starts, until an installation knows better."""


def load(content: bytes, path: str) -> dict[str, Any]:
    """Return the keys of a property list.

    Raises:
        DefinitionError: If it is none.
    """
    import plistlib

    try:
        found: object = plistlib.loads(content)
    except Exception as error:  # the parser lets out whatever its XML reader raises
        raise DefinitionError(f"{path} is no property list: {error}") from error
    if not isinstance(found, dict):
        raise DefinitionError(f"{path} holds no dictionary")
    keys: dict[str, Any] = {str(key): value for key, value in found.items()}  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    return keys


def read_service(path: str, requested: Scope | None) -> OsService:
    """Return the service that a generated property list defines, for this interpreter.

    A property list does not name its domain: its folder does, `LaunchDaemons` or `LaunchAgents`.
    In another folder only a daemon has a `UserName`, launchd.plist(5).

    Raises:
        DefinitionError: If it is not a generated one, is renamed, or is for another scope than
            `requested`.
        ProgramError: If this interpreter cannot be what launchd starts.
    """
    content = read_content(path)
    keys = load(content, path)
    label = str(keys.get("Label", ""))
    words = tuple(str(word) for word in keys.get("ProgramArguments", ()))
    if words[:2] != GENERATED or words[2:5] != ("-m", "bgsvc", "run"):
        raise DefinitionError(f"{path} does not start `python3 -m bgsvc run`")
    scope = _scope_of(path, keys)
    check_scope(path, scope, requested)
    check_name(path, os.path.basename(path), f"{label}.plist")
    return OsService(
        label=label,
        arguments=words[2:],
        scope=scope,
        display_name=label,
        program=(current_program().path,),
        environment=keys.get("EnvironmentVariables", {}),
        working_directory=keys.get("WorkingDirectory"),
        start_on_boot=bool(keys.get("RunAtLoad")),
        stop_timeout=float(keys.get("ExitTimeOut", 20)),
        user=keys.get("UserName"),
        definition=content,
        source=os.path.abspath(path),
    )


def _scope_of(path: str, keys: dict[str, Any]) -> Scope:
    folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
    if folder == "LaunchAgents":
        return Scope.USER
    return Scope.SYSTEM if folder == "LaunchDaemons" or "UserName" in keys else Scope.USER
