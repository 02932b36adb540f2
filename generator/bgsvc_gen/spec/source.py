"""Finding, reading and parsing the spec's file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import tomli

from bgsvc_gen.diagnostics import Diagnostic, Location
from bgsvc_gen.errors import SpecError, UsageError
from bgsvc_gen.spec.locate import KeyPath, Locations, locate

SPEC_NAME: Final = "bgsvc.toml"
PYPROJECT_NAME: Final = "pyproject.toml"
PYPROJECT_TABLE: Final = ("tool", "bgsvc")

MAX_NESTING: Final = 64
"""Tables and arrays in one another. A spec needs 6; copying, comparing and locating a tree recurse,
so that a deeper one would exhaust Python's stack."""

# tomli names a table by its Python tuple.
_PATH_IN_MESSAGE: Final = re.compile(r"\((?:'[^']*'(?:, |,(?=\))|(?=\))))+\)")


@dataclass(frozen=True, slots=True)
class Source:
    """A spec's text and its TOML tree.

    Attributes:
        path: The file, as the user named it.
        text: Its whole text, newlines untouched.
        root: The path of the spec's table in the file: `()`, or `("tool", "bgsvc")` in a pyproject.
        table: That table.
        on_disk: The text on disk, where `text` is an edit of it; locations refer to it.
    """

    path: Path
    text: str
    root: KeyPath
    table: dict[str, Any]
    on_disk: str | None = None

    def locations(self) -> Locations:
        """Return the locations of all keys and values, computed on each call."""
        return locate(self.text if self.on_disk is None else self.on_disk)


def find_source(folder: Path) -> Source:
    """Return the spec of the project in `folder`, parsed.

    Raises:
        UsageError: The folder has none.
        SpecError: The spec cannot be read, is not UTF-8, or is not TOML.
    """
    spec = folder / SPEC_NAME
    if spec.is_file():
        return read_source(spec)
    if spec.is_symlink() or spec.exists():
        hint = "put a spec in its place, or name one with --spec"
        raise UsageError(f"{spec} is not a regular file", hint)
    pyproject = folder / PYPROJECT_NAME
    if pyproject.is_file():
        text = _read_text(pyproject)
        document = _parse(pyproject, text)
        if _has_spec(document):
            return _to_source(pyproject, text, document)
    raise UsageError(
        f"no {SPEC_NAME} here, and no [tool.bgsvc] in a {PYPROJECT_NAME}",
        "run `bgsvc-gen init` for a new app, or name the spec with --spec",
    )


def _has_spec(pyproject: Mapping[str, Any]) -> bool:
    tool: Any = pyproject.get(PYPROJECT_TABLE[0])
    return isinstance(tool, dict) and PYPROJECT_TABLE[1] in tool


def read_source(path: Path) -> Source:
    """Return the spec at `path`, parsed.

    Raises:
        SpecError: The file cannot be read, is not UTF-8, or is not TOML.
    """
    return parse_source(path, _read_text(path))


def parse_source(path: Path, text: str) -> Source:
    """Return `text` parsed as the spec at `path`.

    Raises:
        SpecError: It is not TOML.
    """
    return _to_source(path, text, _parse(path, text))


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        document = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        line = line_at(text, error.lineno)
        # A lone backslash at the end is reported two characters past it.
        where = Location(error.lineno, min(error.colno, len(line) + 1))
        message = _PATH_IN_MESSAGE.sub(_to_header, error.msg[:1].lower() + error.msg[1:])
        key, is_pair, _ = line.partition("=")
        if is_pair and error.msg.startswith("Cannot overwrite a value"):
            message = f'the key "{key.strip()}" appears twice'
        raise _spec_error(path, where, "BG002", message, "correct the TOML here") from None
    except ValueError as error:  # a date or a number that is valid TOML, but not a valid value
        message = f"a value cannot be read: {str(error).partition(';')[0].lower()}"
        raise _spec_error(path, Location(), "BG002", message, "shorten or correct it") from None
    except RecursionError:
        raise _nesting_error(path) from None
    if _is_deeper_than(MAX_NESTING, document):
        raise _nesting_error(path)
    return document


def _to_source(path: Path, text: str, document: dict[str, Any]) -> Source:
    if path.name != PYPROJECT_NAME:
        return Source(path, text, (), document)
    table: Any = document
    try:
        for key in PYPROJECT_TABLE:
            table = table[key]
    except (KeyError, TypeError):
        table = None
    if not isinstance(table, dict):
        message = "the file has no [tool.bgsvc] table"
        hint = f"add one, or write the spec in {SPEC_NAME}"
        raise _spec_error(path, Location(), "BG103", message, hint)
    return Source(path, text, PYPROJECT_TABLE, cast("dict[str, Any]", table))


def line_at(text: str, number: int) -> str:
    """Return line `number` of `text`, from 1, without its end; empty past the last line.

    TOML ends a line at a line feed only. `str.splitlines` also splits at form feeds and at
    Unicode's line separators, which may stand in a comment, and drops an empty last line.
    """
    lines = text.split("\n")
    return lines[number - 1].removesuffix("\r") if number <= len(lines) else ""


def _is_deeper_than(most: int, document: object) -> bool:
    """Return whether tables and arrays are nested more than `most` deep, without recursion."""
    level = [document]
    for _ in range(most):
        level = [child for value in level for child in _children(value)]
    return any(isinstance(value, dict | list) for value in level)


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def _nesting_error(path: Path) -> SpecError:
    message = f"tables or arrays are nested more than {MAX_NESTING} deep"
    return _spec_error(path, Location(), "BG002", message, "flatten the spec")


def _to_header(path: re.Match[str]) -> str:
    keys = ".".join(re.findall("'([^']*)'", path[0]))
    return f"[{keys}]"


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "name a readable file with --spec"
        raise _spec_error(
            path, Location(), "BG001", f"cannot read the spec: {reason}", hint
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        hint = "save the file as UTF-8"
        raise _spec_error(
            path, Location(line, column), "BG001", "the spec is not UTF-8 text", hint
        ) from None


def _spec_error(path: Path, where: Location, code: str, message: str, hint: str) -> SpecError:
    return SpecError([Diagnostic(str(path), where, code, message, hint)])
