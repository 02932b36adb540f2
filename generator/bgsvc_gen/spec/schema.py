"""The spec as a JSON Schema, with which editors complete keys and mark errors."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.facts.systemd import RELAXATIONS
from bgsvc_gen.spec.keys import NAME, Key, spec_keys
from bgsvc_gen.spec.permissions import PERMISSIONS
from bgsvc_gen.spec.values import as_duration

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The draft that TOML language servers support."""

_DURATION: Final = r"^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h|d)$"
_TEXT: Final = {"type": "string"}
_VALUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "table": {"type": "object", "properties": {}, "additionalProperties": False},
    "string": _TEXT,
    "label": {"anyOf": [_TEXT, {"type": "object", "additionalProperties": _TEXT}]},
    "duration": {"type": "string", "pattern": _DURATION},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "strings": {"type": "array", "items": _TEXT},
}
_KNOWN: Final[Mapping[tuple[str, ...], Collection[str]]] = {
    ("services", NAME, "android", "types"): SERVICE_TYPES,
    ("services", NAME, "desktop", "relax"): RELAXATIONS,
    ("permissions", "allow"): PERMISSIONS,
}
"""Values that each array may contain."""


def json_schema() -> dict[str, Any]:
    """Return the schema of a `bgsvc.toml`."""
    root: dict[str, Any] = {"$schema": DIALECT, "title": "bgsvc.toml", **_empty_table()}
    root["required"] = ["services"]
    tables: dict[tuple[str, ...], dict[str, Any]] = {(): root}
    for key in spec_keys():
        value = _value(key)
        table = tables[key.path[:-1]]
        if key.kind == "table":
            tables[key.path] = value
        if key.path[-1] == NAME:
            table["additionalProperties"] = value
        else:
            table["properties"][key.path[-1]] = value
        if key.required:
            table.setdefault("required", []).append(key.path[-1])
    root["properties"]["services"]["minProperties"] = 1
    return root


def _empty_table() -> dict[str, Any]:
    return {**_VALUES["table"], "properties": {}}


def _value(key: Key) -> dict[str, Any]:
    value: dict[str, Any] = _empty_table() if key.kind == "table" else dict(_VALUES[key.kind])
    value["description"] = key.text
    if key.choices:
        value["enum"] = list(key.choices)
    if key.bounds is not None:
        value["minimum"], value["maximum"] = key.bounds
    if key.path in _KNOWN:
        value["items"] = {"enum": list(_KNOWN[key.path])}
    if isinstance(key.default, float):
        value["default"] = as_duration(key.default)
    elif key.default is not None:
        value["default"] = key.default
    return value
