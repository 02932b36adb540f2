"""Changing a spec for its author: one value, everything else to the letter as it was."""

from collections.abc import Sequence
from typing import Any, cast

import tomlkit
from tomlkit.items import Table as TomlTable

from bgsvc_gen.errors import UsageError
from bgsvc_gen.spec.source import Source, parse_source


def set_types(source: Source, service: str | None, types: Sequence[str]) -> Source:
    """Return `source` with the foreground service types of `service` set to `types`.

    Args:
        source: A spec that parses; it is returned as it is where it says `types` already.
        service: The service's name; `None` means the only one.
        types: The types to set, unchecked: checking the result points at them in its text.

    Raises:
        UsageError: There is no such service, or several and none was named.
    """
    name = _service_name(source, service)
    android: Any = source.table["services"][name].get("android")
    if isinstance(android, dict) and android.get("types") == list(types):  # pyright: ignore[reportUnknownMemberType] - TOML
        return source
    document = tomlkit.parse(source.text)
    table: Any = document
    for key in (*source.root, "services", name):
        table = table[key]
    if "android" not in table or not isinstance(table["android"], dict):
        table["android"] = _new_table(table)
    table["android"]["types"] = list(types)
    return parse_source(source.path, tomlkit.dumps(document))


def _new_table(parent: object) -> object:
    """Return an empty table of its parent's kind: `[section]` or `{ inline }`."""
    block = isinstance(parent, TomlTable) or not hasattr(parent, "as_string")
    return tomlkit.table() if block else tomlkit.inline_table()


def _service_name(source: Source, asked: str | None) -> str:
    services: Any = source.table.get("services")
    tables = cast("dict[str, object]", services) if isinstance(services, dict) else {}
    names = [name for name, table in tables.items() if isinstance(table, dict)]
    if asked is None and len(names) == 1:
        return names[0]
    listed = ", ".join(names) or "none"
    if asked is None:
        raise UsageError("--type needs to know the service", f"add --service; there are: {listed}")
    if asked not in names:
        raise UsageError(f'no service "{asked}" in {source.path}', f"there are: {listed}")
    return asked
