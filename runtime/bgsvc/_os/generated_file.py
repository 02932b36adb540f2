"""The checks of a generated file before it is installed: readable, its name, its scope."""

from __future__ import annotations

from bgsvc._os.errors import DefinitionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._os.service import Scope


def read_content(path: str) -> bytes:
    """Return what a file holds.

    Raises:
        DefinitionError: If it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        fix = "name a file that `bgsvc-gen desktop` wrote, and that you may read"
        raise DefinitionError(f"{path} cannot be read: {error.strerror}", fix=fix) from error


def check_scope(path: str, actual: Scope, requested: Scope | None) -> None:
    """Refuse a file of another scope than the requested one.

    Raises:
        DefinitionError: If `requested` is neither None nor `actual`.
    """
    if requested not in {None, actual}:
        fix = f"say --scope={actual.value}, or change the scope in bgsvc.toml and generate again"
        raise DefinitionError(f"{path} is for the {actual.value} scope", fix=fix)


def check_name(path: str, name: str, expected: str) -> None:
    """Refuse a file whose name is not that of the unit or job that it defines.

    Raises:
        DefinitionError: If `name` is not `expected`.
    """
    if name != expected:
        text = f"{path} defines {expected}; a unit or a job is named by its file"
        raise DefinitionError(text, fix=f"rename the file to {expected}, or generate it again")
