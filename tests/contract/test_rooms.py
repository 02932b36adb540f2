"""The rooms of the runtime: each imports only from the rooms above it in the table."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
RUNTIME: Final = ROOT / "runtime"
TIERS: Final = (
    ("_lite",),
    ("_model",),
    ("_ports",),
    ("_events", "_storage"),
    ("_ipc", "_service"),
    ("_desktop",),
    ("_engine", "_os"),
    ("_app",),
    ("_daemon", "bridge", "testing"),
    ("_cli",),
    ("__main__",),
)
"""A room imports from the tiers before its own and from itself, and so never from a neighbour."""
SEPARATE: Final = ("_os.systemd", "_os.launchd", "_os.windows")
"""Rooms within a room: none of them imports from another."""
TIER_OF: Final = {room: tier for tier, rooms in enumerate(TIERS) for room in rooms}
DOTTED: Final = re.compile(r"bgsvc(\.\w+)+(?=:\w+$|$)")
"""A module that is imported by its name, such as `bgsvc._os.windows.tasks:WindowsTasks`."""

Imports = Mapping[str, frozenset[str]]


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(source: str) -> Iterator[str]:
    """Yield each module of ours that `source` imports, late imports and names in text included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "bgsvc")
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level or module.split(".")[0] == "bgsvc":
                assert not node.level, "imports are absolute"
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (name := DOTTED.match(node.value))
        ):
            yield name[0]


def import_graph(root: Path) -> Imports:
    sources = {
        module_name(path, root): path.read_text(encoding="utf-8")
        for path in sorted(root.joinpath("bgsvc").rglob("*.py"))
    }
    return {
        module: frozenset(name for name in imported_names(source) if name in sources) - {module}
        for module, source in sources.items()
    }


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def faults_of(graph: Imports) -> list[str]:
    """Return each room without a place in the table, and each import that does not go down."""
    faults: list[str] = []
    for module, imports in graph.items():
        room = room_of(module)
        if room and room not in TIER_OF:
            faults.append(f"{module}: its room is not in the table")
            continue
        for other in sorted(imports):
            target = room_of(other)
            if not room:  # the package itself names its public modules; nothing else may
                continue
            if target == room:
                parts = {inner for inner in SEPARATE for one in (module, other) if inner in one}
                if len(parts) > 1:
                    faults.append(f"{module} imports its neighbour {other}")
            elif not target or TIER_OF.get(target, len(TIERS)) >= TIER_OF[room]:
                faults.append(f"{module} imports {other}, which is not below it")
    return faults


def cycles_of(graph: Imports) -> list[list[str]]:
    """Return the cycles: repeatedly drop the modules that import nothing that is left."""
    left = {module: set(imports) for module, imports in graph.items() if room_of(module)}
    while True:
        free = {module for module, imports in left.items() if not imports & left.keys()}
        if not free:
            return [sorted(left)] if left else []
        left = {module: imports for module, imports in left.items() if module not in free}


def test_runtime_imports_go_down_only() -> None:
    assert faults_of(import_graph(RUNTIME)) == []


def test_runtime_has_no_import_cycle() -> None:
    assert cycles_of(import_graph(RUNTIME)) == []


def test_private_rooms_have_modules_without_underscore() -> None:
    hidden = [
        module
        for module in import_graph(RUNTIME)
        if room_of(module).startswith("_")
        and module.count(".") > 1
        and module.rpartition(".")[2].startswith("_")
    ]

    assert hidden == []


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("_model/config.py", "from bgsvc._engine.run import Run", "not below"),
        ("_events/bus.py", "from bgsvc._storage import locks", "not below"),
        ("_app/api.py", "import bgsvc", "not below"),
        ("_os/backend.py", '_PLACE = "bgsvc._cli.main:main"', "not below"),
        ("_os/systemd/unit.py", "from bgsvc._os.windows import scm", "neighbour"),
        ("_attic/clock.py", "", "not in the table"),
    ],
)
def test_import_that_does_not_go_down_is_a_fault(
    tmp_path: Path, module: str, line: str, fault: str
) -> None:
    copy_modules(tmp_path)
    path = tmp_path / "bgsvc" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"def late():\n    {line}\n" if line else "", encoding="utf-8")

    faults = faults_of(import_graph(tmp_path))

    assert faults != []
    assert [text for text in faults if fault not in text] == []


def test_two_modules_that_import_each_other_are_a_cycle(tmp_path: Path) -> None:
    copy_modules(tmp_path)
    for one, other in (("bus", "delivery"), ("delivery", "bus")):
        path = tmp_path / f"bgsvc/_events/{one}.py"
        path.write_text(f"from bgsvc._events import {other}\n", encoding="utf-8")

    assert cycles_of(import_graph(tmp_path)) == [["bgsvc._events.bus", "bgsvc._events.delivery"]]


def copy_modules(root: Path) -> None:
    """Make the runtime's modules below `root`, without anything in them."""
    for path in RUNTIME.joinpath("bgsvc").rglob("*.py"):
        copy = root / path.relative_to(RUNTIME)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()


def test_architecture_shows_the_rooms_in_this_order() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, flags=re.MULTILINE)

    assert rows == [
        (str(number), room) for number, rooms in enumerate(TIERS[:-1], start=1) for room in rooms
    ]
