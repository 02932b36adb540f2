"""Locations of the keys and values of a TOML text, for errors.

No TOML library reports the location of a value, so this module scans the text again. The text has
passed a TOML parser, so the scanner relies on the grammar; in other text it finds fewer keys.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bgsvc_gen.diagnostics import Location

KeyPath = tuple[str | int, ...]
"""Keys from the root down; a number is an index in an array."""

_SPACE: Final = re.compile(r"[ \t\r\n]*(?:#[^\n]*[\r\n \t]*)*")
_BARE: Final = re.compile(r"[^\s.=\[\]{},#\"']+")
_SCALAR: Final = re.compile(r"[^,\]}#\r\n]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:[^"\\\n]|\\.)*"|'
    r"'[^'\n]*'",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|(.))")
_SIMPLE: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


@dataclass(slots=True)
class Locations:
    """The locations of a TOML text's keys and values."""

    keys: dict[KeyPath, Location] = field(default_factory=dict[KeyPath, Location])
    values: dict[KeyPath, Location] = field(default_factory=dict[KeyPath, Location])

    def key(self, path: KeyPath) -> Location:
        """Return the location of the key at `path`, or of the nearest key above it."""
        return self._nearest(self.keys, path)

    def value(self, path: KeyPath) -> Location:
        """Return the location of the value at `path`, or of the nearest key above it."""
        return self.values[path] if path in self.values else self.key(path)

    def _nearest(self, places: dict[KeyPath, Location], path: KeyPath) -> Location:
        while path and path not in places:
            path = path[:-1]
        return places.get(path, Location())


def locate(text: str) -> Locations:
    """Return the location of every key and value of `text`, which must be valid TOML."""
    scanner = _Scanner(text)
    scanner.read_document()
    return scanner.locations


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int = 0
    locations: Locations = field(default_factory=Locations)
    starts: list[int] = field(default_factory=list[int])
    arrays: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])

    def __post_init__(self) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def read_document(self) -> None:
        prefix: KeyPath = ()
        self.skip_blanks()
        while self.at < len(self.text):
            prefix = (
                self.read_header() if self.text[self.at] == "[" else self.read_pair(prefix, prefix)
            )
            self.skip_blanks()

    def read_header(self) -> KeyPath:
        """Read `[a.b]` or `[[a.b]]`; return the path its keys continue."""
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        path: KeyPath = ()
        for name, place in self.read_dotted_key():
            path = self.resolve((*path, name))
            self.locations.keys.setdefault(path, place)
        if many:
            plain = path[:-1] if path and isinstance(path[-1], int) else path
            self.arrays[plain] = self.arrays.get(plain, -1) + 1
            path = self.resolve(plain)
            self.locations.keys.setdefault(path, self.current_location())
        self.at += 2 if many else 1
        return path

    def resolve(self, path: KeyPath) -> KeyPath:
        """Return `path`; where it names an array of tables, extended to the last of them."""
        return (*path, self.arrays[path]) if path in self.arrays else path

    def read_pair(self, prefix: KeyPath, result: KeyPath) -> KeyPath:
        """Read `key = value` under `prefix`; return `result`."""
        path = prefix
        for name, place in self.read_dotted_key():
            path = (*path, name)
            self.locations.keys.setdefault(path, place)
        self.at += 1  # the `=` that ends the key
        self.read_value(path)
        return result

    def read_dotted_key(self) -> Iterator[tuple[str, Location]]:
        """Read `a."b".c`; yield each key with its location, and stop at the character after it."""
        while True:
            self.skip_blanks()
            place = self.current_location()
            quoted = self.next_character() in {'"', "'"}
            match = (_STRING if quoted else _BARE).match(self.text, self.at)
            if match is None:
                return
            self.at = match.end()
            yield (_unquote(match[0]) if quoted else match[0]), place
            self.skip_blanks()
            if self.next_character() != ".":
                return
            self.at += 1

    def read_value(self, path: KeyPath) -> None:
        self.skip_blanks()
        self.locations.values[path] = self.current_location()
        opening = self.next_character()
        if opening == "[":
            self.read_array(path)
        elif opening == "{":
            self.read_inline_table(path)
        else:
            match = (_STRING if opening in {'"', "'"} else _SCALAR).match(self.text, self.at)
            self.at = match.end() if match else len(self.text)

    def read_array(self, path: KeyPath) -> None:
        index = 0
        while self.step_to_item("]"):
            self.read_value((*path, index))
            index += 1

    def read_inline_table(self, path: KeyPath) -> None:
        while self.step_to_item("}"):
            self.read_pair(path, path)

    def step_to_item(self, closing: str) -> bool:
        """Step over `[`, `{` or `,`; return False, past it, at `closing` or the text's end."""
        self.skip_blanks()
        if self.next_character() != closing:
            self.at += 1
            self.skip_blanks()
        if self.next_character() not in {closing, ""}:
            return True
        self.at += 1
        return False

    def next_character(self) -> str:
        """Return the character that is read next; empty at the text's end."""
        return self.text[self.at : self.at + 1]

    def skip_blanks(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def current_location(self) -> Location:
        line = bisect_right(self.starts, self.at)
        return Location(line, self.at - self.starts[line - 1] + 1)


def _unquote(literal: str) -> str:
    """Return the key that a quoted literal stands for."""
    if literal[0] == "'":
        return literal[1:-1]
    return _ESCAPE.sub(_unescape, literal[1:-1])


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _SIMPLE.get(match[4], match[4])
