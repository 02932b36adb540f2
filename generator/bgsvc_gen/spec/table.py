"""Reading one TOML table: it reports wrong types and unknown keys, and raises nothing."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from bgsvc_gen.spec import values
from bgsvc_gen.spec.locate import KeyPath

_MAX_VALUE_LENGTH: Final = 60
"""Characters of a wrong value that an error quotes."""

T = TypeVar("T", bound=str)

Report = Callable[["Place", str, str, str], None]
"""Takes place, code, message and hint."""


Finding = tuple["Place", str, str, str]
"""Place, code, message and hint."""


@dataclass(frozen=True, slots=True)
class Place:
    """A key path, and whether it stands for the key or for its value."""

    path: KeyPath
    at_key: bool = False


_HOW_TO_WRITE: Final[dict[type, str]] = {
    str: "put the value in quotes",
    bool: "write true or false, without quotes",
    int: "write a number, without quotes",
    list: 'write the values in brackets, such as ["a", "b"]',
    dict: "write { key = value }, or a [section]",
}


_DURATION_HINT: Final = (
    'write a number and a unit in quotes, such as "250ms", "5s", "15m", "6h" or "1d"'
)


def suggestion(word: str, choices: Iterable[str]) -> str:
    """Return `did you mean …` for the choice closest to `word`, or an empty string."""
    folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f'did you mean "{folded[near[0]]}"?' if near else ""


def _format_value(value: object) -> str:
    """Return a TOML value as an error shows it: a table or an array by its kind, others short."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "an array"
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else None
    text = text or json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"


@dataclass(slots=True)
class Table:
    """A TOML table being read; errors go to `report`.

    Each reading method returns the default for an absent or wrong value, so that one pass reports
    every error.
    """

    content: dict[str, Any]
    path: KeyPath
    report: Report
    read: set[str] = field(default_factory=set[str])

    def name(self, key: str) -> str:
        """Return `key` with its table, as errors spell it: `[services.sync] entry`."""
        table = ".".join(str(part) for part in self.path)
        return f"[{table}] {key}" if table else f"[{key}]"

    def place(self, key: str) -> Place:
        """Return the value of `key`, or its table where it is absent."""
        return Place((*self.path, key))

    def report_value(self, key: str, code: str, message: str, hint: str) -> None:
        """Report `key`'s value."""
        self.report(self.place(key), code, message, hint)

    def take(self, key: str, kind: type, spelled: str, hint: str | None = None) -> Any | None:  # noqa: ANN401 - TOML
        """Return the value of `key` if it is of `kind`.

        Args:
            key: The key.
            kind: The Python type of the value.
            spelled: The kind, as an error calls it.
            hint: How to write it; `None` for the usual hint of the kind.
        """
        self.read.add(key)
        value = self.content.get(key)
        if value is None:
            return None
        # bool is a subclass of int in Python, but not in TOML.
        if isinstance(value, kind) and isinstance(value, bool) == (kind is bool):
            return value
        message = f"{self.name(key)} must be {spelled}, not {_format_value(value)}"
        self.report_value(key, "BG102", message, hint or _HOW_TO_WRITE[kind])
        return None

    def require(self, key: str, hint: str) -> None:
        """Report `key` if it is absent."""
        if key not in self.content:
            message = f"{self.name(key)} is missing"
            self.report(Place(self.path, at_key=True), "BG103", message, hint)

    def string(self, key: str) -> str | None:
        """Return a string."""
        return self.take(key, str, "a string")

    def duration(self, key: str, default: float, least: float = 0.0) -> float:
        """Return the seconds of a duration such as `15m`."""
        value: str | None = self.take(key, str, 'a duration such as "5s"', _DURATION_HINT)
        if value is None:
            return default
        length = values.seconds(value)
        if length is None:
            self.report_value(key, "BG105", f'"{value}" is not a duration', _DURATION_HINT)
            return default
        if not least <= length <= values.MAX_DURATION_S:
            message = f'{self.name(key)} = "{value}" is out of range'
            hint = f"write a duration from {least:g}s to 366d"
            self.report_value(key, "BG105", message, hint)
            return default
        return length

    def boolean(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value: bool | None = self.take(key, bool, "true or false")
        return default if value is None else value

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`."""
        value: int | None = self.take(key, int, "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            message = f"{self.name(key)} = {_format_value(value)} is out of range"
            self.report_value(key, "BG104", message, f"write a number from {least} to {most}")
            return default
        return value

    def choice(self, key: str, choices: Sequence[T], default: T) -> T:
        """Return one of `choices`."""
        value = self.string(key)
        for choice in choices:
            if value == choice:
                return choice
        if value is not None:
            options = ", ".join(f'"{choice}"' for choice in choices)
            near = suggestion(value, choices)
            message = f'{self.name(key)} cannot be "{value}"'
            self.report_value(key, "BG104", message, near or f"choose one of {options}")
        return default

    def strings(self, key: str) -> list[tuple[str, Place]] | None:
        """Return an array of strings, each with its place."""
        values: list[Any] | None = self.take(key, list, "an array of strings")
        if values is None:
            return None
        strings: list[tuple[str, Place]] = []
        for index, value in enumerate(values):
            place = Place((*self.path, key, index))
            if isinstance(value, str):
                strings.append((value, place))
            else:
                message = f"{self.name(key)} holds {_format_value(value)}, which is not a string"
                self.report(place, "BG102", message, 'put it in quotes, such as ["dataSync"]')
        return strings

    def table(self, key: str) -> "Table | None":
        """Return the table under `key`; `None` where it is absent or wrong."""
        content: dict[str, Any] | None = self.take(key, dict, "a table")
        return None if content is None else Table(content, (*self.path, key), self.report)

    def tables(self) -> "list[Table]":
        """Return every key's table, for a table whose keys are names."""
        tables = [self.table(key) for key in self.content]
        return [table for table in tables if table is not None]

    def close(self) -> None:
        """Report every key that was not read."""
        for key in self.content:
            if key in self.read:
                continue
            known = ", ".join(sorted(self.read))
            hint = suggestion(key, self.read) or f"known keys: {known}"
            place = Place((*self.path, key), at_key=True)
            self.report(place, "BG101", f'unknown key "{key}"', hint)
