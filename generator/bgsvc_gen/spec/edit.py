"""Setting one value in a spec without changing any other character."""

import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import tomli

from bgsvc_gen.errors import UsageError
from bgsvc_gen.spec.source import Source, line_at, parse_source

Edit = Callable[[Source, str, list[str]], str]
"""Takes a spec, the name of a service and its new types; returns a text that may be unusable."""


def set_types(source: Source, service: str | None, types: Sequence[str]) -> Source:
    """Return `source` with `types` as the foreground service types of `service`.

    TOML has many ways to write a table. The edits are tried in turn, and the first text that parses
    to the expected tree is accepted.

    Args:
        source: A spec that parses; it is returned unchanged if it has these `types`.
        service: The service's name; `None` stands for the only one.
        types: The types to set.

    Raises:
        UsageError: The service does not exist or is ambiguous, or the spec cannot be edited.
    """
    name = _choose_service(source, service)
    tree: dict[str, Any] = copy.deepcopy(tomli.loads(source.text))
    table: Any = tree
    for key in (*source.root, "services", name):
        table = table[key]
    android: Any = table.setdefault("android", {})
    if not isinstance(android, dict):
        return source  # building the spec reports the error with its location
    if cast("dict[str, object]", android).get("types") == list(types):
        return source
    android["types"] = list(types)
    for edit in (_add_section, _add_to_section, _add_dotted_key, _change_array, _edit_with_tomlkit):
        text = edit(source, name, list(types))
        if _reads_as(text, tree):
            return replace(parse_source(source.path, text), on_disk=source.text)
    hint = f"add this line there yourself: types = {_format_array(types)}"
    raise UsageError(f"cannot write the types into {source.path}", hint)


def _reads_as(text: str, tree: dict[str, Any]) -> bool:
    try:
        return tomli.loads(text) == tree
    except ValueError:
        return False


def _add_section(source: Source, name: str, types: list[str]) -> str:
    """Add `[services.<name>.android]` below `[services.<name>]`."""
    if "android" in source.table["services"][name]:
        return ""
    header = _find_header(source, (*source.root, "services", name))
    if header is None:
        return ""
    lines = _split_lines(source.text)
    end = header + 1
    while end < len(lines) and not lines[end].lstrip().startswith("["):
        end += 1
    # Comments and blank lines above the next header belong to the next table.
    while not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#"):
        end -= 1
    title = lines[header].partition("]")[0]
    section = ["", f"{title}.android]", f"types = {_format_array(types)}"]
    follows = bool(lines[end : end + 1]) and bool(lines[end].strip())
    return _insert_lines(source, end, [*section, ""] if follows else section)


def _add_to_section(source: Source, name: str, types: list[str]) -> str:
    """Add a `types` line below `[services.<name>.android]`."""
    if "types" in source.table["services"][name].get("android", {}):
        return ""
    header = _find_header(source, (*source.root, "services", name, "android"))
    return (
        ""
        if header is None
        else _insert_lines(source, header + 1, [f"types = {_format_array(types)}"])
    )


def _edit_with_tomlkit(source: Source, name: str, types: list[str]) -> str:
    """Replace the value, or add the key to an inline table."""
    import tomlkit  # noqa: PLC0415 - few specs need it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document = tomlkit.parse(source.text)
        table: Any = document
        for key in (*source.root, "services", name):
            table = table[key]
        if "android" not in table:
            table["android"] = tomlkit.inline_table()
        table["android"]["types"] = types
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, AttributeError):
        return ""


def _change_array(source: Source, name: str, types: list[str]) -> str:
    """Remove and append values, so that the remaining ones keep their comments."""
    import tomlkit  # noqa: PLC0415 - few specs need it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    try:
        document = tomlkit.parse(source.text)
        array: Any = document
        for key in (*source.root, "services", name, "android", "types"):
            array = array[key]
        for value in [value for value in array if value not in types]:
            array.remove(value)
        for value in types:
            if value not in array:
                array.append(value)
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, AttributeError, ValueError):
        return ""


def _add_dotted_key(source: Source, name: str, types: list[str]) -> str:
    """Add `….android.types` below `….entry`, with the same prefix."""
    place = source.locations().keys.get((*source.root, "services", name, "entry"))
    if place is None or "types" in source.table["services"][name].get("android", {}):
        return ""
    line = line_at(source.text, place.line)
    before = line[: place.column - 1]
    return _insert_lines(source, place.line, [f"{before}android.types = {_format_array(types)}"])


def _find_header(source: Source, path: tuple[str | int, ...]) -> int | None:
    """Return the index of the line that is the header of the table at `path`."""
    place = source.locations().keys.get(path)
    if place is None:
        return None
    line = line_at(source.text, place.line)
    keys = line.strip().partition("]")[0].removeprefix("[")
    whole = line.lstrip().startswith("[") and _split_header(keys) == path
    return place.line - 1 if whole else None


def _split_header(header: str) -> tuple[str, ...]:
    """Return the keys of a header; none if a quoted key contains a `]`."""
    keys: list[str] = []
    try:
        table: Any = tomli.loads(f"[{header}]")
    except ValueError:
        return ()
    while table:
        key, table = next(iter(table.items()))
        keys.append(key)
    return tuple(keys)


def _insert_lines(source: Source, at: int, new: Sequence[str]) -> str:
    """Return the text with the lines `new` inserted before line `at`, with its own line ends."""
    ending = "\r\n" if "\r\n" in source.text else "\n"
    lines = _split_lines(source.text)
    if lines[at - 1 : at] and not lines[at - 1].endswith("\n"):
        lines[at - 1] += ending
    return "".join([*lines[:at], *(f"{line}{ending}" for line in new), *lines[at:]])


def _split_lines(text: str) -> list[str]:
    """Return the lines of `text`, each with its end, as TOML counts them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _format_array(types: Sequence[str]) -> str:
    return f"[{', '.join(_quote_all(types))}]"


def _quote_all(types: Sequence[str]) -> Iterator[str]:
    return (json.dumps(name) for name in types)


def _choose_service(source: Source, requested: str | None) -> str:
    services: Any = source.table.get("services")
    tables = cast("dict[str, object]", services) if isinstance(services, dict) else {}
    names = [name for name, table in tables.items() if isinstance(table, dict)]
    if requested is None and len(names) == 1:
        return names[0]
    if not names:
        hint = 'add [services.<name>] with entry = "package.module:Class"'
        raise UsageError(f"{source.path} has no service", hint)
    listed = ", ".join(names)
    if requested is None:
        raise UsageError(
            "--type needs --service, because the spec has several services",
            f"add --service NAME, one of: {listed}",
        )
    if requested not in names:
        raise UsageError(f'{source.path} has no service "{requested}"', f"choose one of: {listed}")
    return requested
