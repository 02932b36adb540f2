"""Retired names stay out of identifiers, in Python, Kotlin, Swift and Java alike.

Strings, comments and docstrings are ignored, so that stored keys and wire strings can stay.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).parents[2]

ROOTS: Final = (
    "bench",
    "generator",
    "runtime/bgsvc/_app",
    "runtime/bgsvc/_desktop",
    "runtime/bgsvc/_engine",
    "runtime/bgsvc/_events",
    "runtime/bgsvc/_lite",
    "runtime/bgsvc/_model",
    "runtime/bgsvc/_ports",
    "runtime/bgsvc/_service",
    "runtime/bgsvc/_storage",
    "runtime/bgsvc/testing",
    "templates/android",
    "templates/ios",
    "tests/contract",
    "tests/e2e",
    "tests/golden",
    "tests/native/ios",
    "tests/packaging",
    "tests/unit",
    "tools",
)
"""Folders in which no identifier may be retired."""

# PENDING: folders that still have retired names. Move each one to ROOTS once it passes.
PENDING: Final = (
    "runtime/bgsvc/_cli",
    "runtime/bgsvc/_daemon",
    "runtime/bgsvc/_ipc",
    "runtime/bgsvc/_os",
    "tests/native/android",
    "tests/native/linux",
    "tests/native/macos",
    "tests/native/python",
    "tests/native/windows",
    "tests/runtime",
)

PARTS: Final = {
    "allowance": "time_limit",
    "allowances": "time_limits",
    "chronicle": "run_recorder",
    "farewell": "close_timeout_s",
    "keeper": "state_file",
    "ledger": "quota_tracker (Python), ServiceStateStore (Kotlin), WindowHistory (Swift)",
    "meter": "time_limit",
    "patience": "timeout_s",
    "surprise": "warning",
    "surprises": "warnings",
    "turns": "lock_queue",
    "unwanted": "desired state",
    "want": "desired state",
    "wanted": "desired state, or a name for the value",
    "wants": "desired state",
    "wish": "desired_state",
    "wishes": "desired_states",
}
"""Retired as any part of an identifier: `wish`, `_read_wish`, `lastWish`."""

TYPES: Final = {
    "Declared": "DeclaredService",
    "Journal": "StateCache",
    "Link": "Connection",
    "Saved": "ServiceSnapshot",
    "Session": "PeerSession",
    "Word": "an enum",
    "Words": "an enum",
}
"""Retired as the whole name of a class or a module of ours."""

FUNCTIONS: Final = {
    "aimed": "a verb",
    "asked": "a verb",
    "bound": "arm_stop_timer",
    "called": "require_callable",
    "found": "find_…",
    "linked": "a verb",
    "offerToResume": "showResumeNotification",
    "said": "safe_repr",
    "told": "mark_stopping",
    "unbound": "cancel_stop_timer",
    "wrong": "a verb",
}
"""Retired as the whole name of a function."""

VARIABLES: Final = {
    "LOOK": "POLL_INTERVAL_S",
    "found": "what it holds",
    "given": "what it holds",
    "said": "what it holds",
    "told": "what it holds",
}
"""Retired as the whole name of a variable, a parameter or a field."""


@dataclass(frozen=True)
class Allowed:
    """An identifier that keeps a retired word, and why."""

    identifier: str
    reason: str


ALLOWED: Final = (
    Allowed("wanted_by", "systemd.unit(5): WantedBy="),
    Allowed("_wanted_by", "systemd.unit(5): WantedBy="),
    Allowed("Wants", "systemd.unit(5): Wants="),
)


@dataclass(frozen=True)
class Identifier:
    """An identifier where it is declared or used."""

    name: str
    kind: str  # "type", "function", "variable" for declarations; "use" for everything else
    line: int


def find_declarations(node: ast.AST) -> Iterator[Identifier]:
    match node:
        case ast.ClassDef():
            yield Identifier(node.name, "type", node.lineno)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield Identifier(node.name, "function", node.lineno)
        case ast.arg():
            yield Identifier(node.arg, "variable", node.lineno)
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield Identifier(name, "variable", node.lineno)
        case _:
            pass


def find_uses(node: ast.AST) -> Iterator[Identifier]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            yield Identifier(name, "use", node.lineno)
        case ast.ImportFrom():
            names = [alias.asname or alias.name for alias in node.names]
            for name in (*(node.module or "").split("."), *names):
                yield Identifier(name, "use", node.lineno)
        case _:
            pass


def read_python(text: str) -> Iterator[Identifier]:
    for node in ast.walk(ast.parse(text)):
        declared = list(find_declarations(node))
        yield from declared or find_uses(node)


NOT_CODE: Final = re.compile(
    r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*|/\*[\s\S]*?\*/'
)
DECLARATION: Final = re.compile(
    r"\b(?:(class|interface|object|struct|enum|protocol|typealias|actor)"
    r"|(fun|func)|(val|var|let|case))\s+(?:<[^>]*>\s*)?(?:\w+\.)?(?=[A-Za-z_])"
)


def read_native(text: str) -> Iterator[Identifier]:
    """Yield the identifiers of Kotlin, Swift or Java, by their keywords alone."""
    code = NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    kinds = {
        match.end(): ("type", "function", "variable")[(match.lastindex or 1) - 1]
        for match in DECLARATION.finditer(code)
    }
    line = 1
    for match in re.finditer(r"\n|[A-Za-z_]\w*", code):
        if match[0] == "\n":
            line += 1
        else:
            yield Identifier(match[0], kinds.get(match.start(), "use"), line)


READERS: Final = {
    ".py": read_python,
    ".kt": read_native,
    ".swift": read_native,
    ".java": read_native,
}


def split_words(name: str) -> set[str]:
    """Return the words of `snake_case`, `camelCase` and `CONSTANT_CASE`, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_", " ", name)
    return set(spaced.lower().split())


def find_replacement(identifier: Identifier) -> str | None:
    """Return what to use instead of a retired identifier; `None` where it may stay."""
    name = identifier.name
    if any(allowed.identifier == name for allowed in ALLOWED):
        return None
    for part in sorted(split_words(name) & PARTS.keys()):
        return PARTS[part]
    table = {"type": TYPES, "function": FUNCTIONS, "variable": VARIABLES}.get(identifier.kind, {})
    return table.get(name.strip("_"))


def find_retired_names(path: Path) -> Iterator[str]:
    """Yield `path:line identifier -> replacement` for each retired name in and of a file."""
    place = path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path
    as_type = "".join(part.capitalize() for part in path.stem.split("_"))
    for module in (Identifier(path.stem, "use", 1), Identifier(as_type, "type", 1)):
        if instead := find_replacement(module):
            yield f"{place} -> {instead}"
            break
    for identifier in READERS[path.suffix](path.read_text(encoding="utf-8")):
        if instead := find_replacement(identifier):
            yield f"{place}:{identifier.line} {identifier.name} -> {instead}"


def find_sources(root: str) -> list[Path]:
    """Return the source files below a folder, without generated and vendored ones."""
    folder = REPOSITORY / root
    skipped = {"cases", "__pycache__", "build", "toolchain", ".venv"}
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix in READERS and not skipped.intersection(path.relative_to(folder).parts)
    ]


@pytest.mark.parametrize("root", ROOTS)
def test_retired_names_are_not_used(root: str) -> None:
    paths = find_sources(root)

    assert paths
    assert [line for path in paths for line in find_retired_names(path)] == []


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.py", "def read_wish(path): ...", ["read_wish"]),
        ("a.py", "lastWish = 1", ["lastWish"]),
        ("a.py", "class Journal: ...", ["Journal"]),
        ("a.py", "from systemd import journal\njournal.send('x')", []),
        ("a.py", "found = 1\nprint(found)", ["found"]),
        ("a.py", "for told in (): ...", ["told"]),
        ("a.py", "def f(given): ...", ["given"]),
        ("a.py", "async def _told(): ...", ["_told"]),
        ("a.py", "'''found = wish'''  # wish", []),
        ("ledger.py", "", [""]),
        ("journal.py", "", [""]),
        ("project_lock.py", "wanted_by = wish_ing = 1", ["wish_ing"]),
        (
            "a.kt",
            'private fun Ledger.offerToResume() = "wish" // wish',
            ["Ledger", "offerToResume"],
        ),
        ("a.kt", "/* wish */ class Declared(val found: Int)", ["Declared", "found"]),
        ("a.kt", "val declared = Declared(1)", []),
        ("a.swift", "final class BgsvcLedger {}", ["BgsvcLedger"]),
        ("a.swift", "let allowances = [1]", ["allowances"]),
    ],
)
def test_retired_name_is_reported(name: str, text: str, lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    reported = [line.rpartition(" -> ")[0] for line in find_retired_names(path)]

    assert [line.rpartition(" ")[2] if ":" in line else "" for line in reported] == lines


def test_every_folder_with_sources_is_held_or_pending() -> None:
    for root in (*ROOTS, *PENDING):
        assert find_sources(root), root
    assert all(allowed.reason for allowed in ALLOWED)
