"""Every key of a spec, recorded from the code that reads specs.

The readers get a table that claims to have every key, and records each key that they read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from bgsvc_gen.spec import labels
from bgsvc_gen.spec.load import read_spec
from bgsvc_gen.spec.table import Place, T, Table

Kind = Literal["table", "string", "label", "duration", "boolean", "integer", "strings"]
Default: TypeAlias = str | bool | int | float | None

NAME: Final = "<name>"
"""Placeholder in a path for a key that the author chooses."""

TEXTS: Final[Mapping[str, str]] = json.loads(
    Path(__file__).with_name("keys.json").read_text(encoding="utf-8")
)
"""Description of each key, by its dotted path."""

_KINDS: Final[dict[type, Kind]] = {
    dict: "table",
    str: "string",
    bool: "boolean",
    int: "integer",
    list: "strings",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its possible values.

    Attributes:
        path: The keys that lead there, its own last.
        kind: What its value is; a label is a text, or one for each language.
        default: What counts where it is absent; a duration's in seconds, `None` for nothing.
        choices: All it can be, where that is a matter of choice.
        bounds: The least and the most a number can be.
        required: Whether it has to be there when its table is.
    """

    path: tuple[str, ...]
    kind: Kind
    default: Default = None
    choices: Sequence[str] = ()
    bounds: tuple[int, int] | None = None
    required: bool = False

    @property
    def text(self) -> str:
        """What the key is for, in Markdown."""
        return TEXTS[".".join(self.path)]


def spec_keys() -> Sequence[Key]:
    """Return every key; a table comes before its keys."""
    root = _RecordingTable(_EveryKey(), (), _ignore_report)
    read_spec(root)
    return tuple(root.noted.values())


def _ignore_report(place: Place, code: str, message: str, hint: str) -> None:
    """Ignore errors, because every value is made up."""


class _EveryKey(dict[str, Any]):
    """A mapping that claims to have every key, and lists one."""

    def __contains__(self, key: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter((NAME,))

    def __len__(self) -> int:
        return 1


@dataclass(slots=True)
class _RecordingTable(Table):
    """A table that records each key that is read, and returns the default."""

    noted: dict[tuple[str, ...], Key] = field(default_factory=dict[tuple[str, ...], Key])
    required: set[str] = field(default_factory=set[str])

    def require(self, key: str, hint: str) -> None:
        del hint
        self.required.add(key)

    def take(self, key: str, kind: type, spelled: str, hint: str | None = None) -> None:
        del hint
        self._note(key, "label" if spelled == labels.SPELLED else _KINDS[kind])

    def duration(self, key: str, default: float, least: float = 0.0) -> float:
        del least
        self._note(key, "duration", default=default or None)
        return default

    def boolean(self, key: str, *, default: bool) -> bool:
        self._note(key, "boolean", default=default)
        return default

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        self._note(key, "integer", default=default, bounds=(least, most))
        return default

    def choice(self, key: str, choices: Sequence[T], default: T) -> T:
        self._note(key, "string", default=default, choices=choices)
        return default

    def table(self, key: str) -> Table:
        self._note(key, "table")
        return _RecordingTable(_EveryKey(), (*self.path, key), self.report, noted=self.noted)

    def _note(
        self,
        key: str,
        kind: Kind,
        *,
        default: Default = None,
        choices: Sequence[str] = (),
        bounds: tuple[int, int] | None = None,
    ) -> None:
        path = (*map(str, self.path), key)
        self.noted[path] = Key(path, kind, default, choices, bounds, key in self.required)
