"""The spec's keys as Markdown, one table per part of a spec."""

from collections.abc import Iterator, Sequence
from typing import Final

from bgsvc_gen.facts.markdown import markdown_table
from bgsvc_gen.spec.keys import NAME, Key, spec_keys
from bgsvc_gen.spec.values import as_duration

_SERVICE: Final = ("services", NAME)
_PARTS: Final = (
    ("app",),
    _SERVICE,
    ("android",),
    *((*_SERVICE, target) for target in ("android", "ios", "desktop")),
    ("permissions",),
)


def key_tables() -> str:
    """Return a Markdown table of keys for each part, under the header of its TOML table."""
    keys = spec_keys()
    return "\n".join("".join(_part(part, keys)) for part in _PARTS)


def _part(part: tuple[str, ...], keys: Sequence[Key]) -> Iterator[str]:
    [table_key] = (key for key in keys if key.path == part)
    yield f"### `[{'.'.join(part)}]`\n\n{table_key.text}\n\n"
    inner = [key for key in keys if key.path not in _PARTS and _part_of(key.path) == part]
    head = ("key", "value", "default", "description")
    yield markdown_table(head, (_row(key, len(part)) for key in inner))


def _part_of(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the innermost part that contains the key."""
    return max((part for part in _PARTS if path[: len(part)] == part), key=len, default=())


def _row(key: Key, depth: int) -> tuple[str, ...]:
    return (
        f"`{'.'.join(key.path[depth:])}`",
        _kind(key),
        _default(key),
        key.text.replace("|", "\\|"),
    )


def _kind(key: Key) -> str:
    if key.choices:
        return " or ".join(f'`"{choice}"`' for choice in key.choices)
    if key.bounds is not None:
        return f"{key.bounds[0]} to {key.bounds[1]}"
    return "string, or one per language" if key.kind == "label" else key.kind


def _default(key: Key) -> str:
    if key.required:
        return "required"
    if key.default is None:
        return ""
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if isinstance(key.default, float):
        return f'`"{as_duration(key.default)}"`'
    return f"`{key.default}`" if isinstance(key.default, int) else f'`"{key.default}"`'
