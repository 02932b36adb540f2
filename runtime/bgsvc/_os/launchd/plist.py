"""launchd's property lists: what `bgsvc-gen` writes, read, and aimed at this machine."""

from __future__ import annotations

import os

from bgsvc._os.errors import DefinitionError
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


def read(path: str, scope: Scope) -> OsService:
    """Return the service that a generated file defines.

    Raises:
        DefinitionError: If it is not one of ours, or for the other scope.
    """
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}", fix="name a generated file") from error
    keys = load(content, path)
    label = str(keys.get("Label", ""))
    words = tuple(str(word) for word in keys.get("ProgramArguments", ()))
    if words[:2] != GENERATED or words[2:5] != ("-m", "bgsvc", "run"):
        raise DefinitionError(f"{path} does not start `python3 -m bgsvc run`")
    if os.path.basename(path) != f"{label}.plist":
        raise DefinitionError(f"{path} defines {label!r}; a job is named by its file")
    folder = os.path.basename(os.path.dirname(os.path.abspath(path)))
    kind = Scope.SYSTEM if folder == "LaunchDaemons" else Scope.USER
    if kind is not scope:
        fix = f"say --scope={kind.value}, or change the scope in bgsvc.toml and generate again"
        raise DefinitionError(f"{path} is for the {kind.value} scope", fix=fix)
    return OsService(
        label=label,
        arguments=words[2:],
        scope=scope,
        display_name=label,
        environment=keys.get("EnvironmentVariables", {}),
        working_directory=keys.get("WorkingDirectory"),
        start_on_boot=bool(keys.get("RunAtLoad")),
        stop_timeout=float(keys.get("ExitTimeOut", 20)),
        user=keys.get("UserName"),
        definition=content,
        source=os.path.abspath(path),
    )


def app_of(arguments: tuple[str, ...]) -> str:
    """Return the app's id, as the command line has it."""
    given = [word.partition("=")[2] for word in arguments if word.startswith("--app=")]
    return given[-1] if given else "bgsvc"
