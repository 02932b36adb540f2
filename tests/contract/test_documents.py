"""Commands, paths and symbols in the documents exist in the code."""

import re
import shlex
from pathlib import Path

import pytest

from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets.desktop import run_arguments

ROOT = Path(__file__).parents[2]


def test_desktop_guide_shows_the_generated_command() -> None:
    spec = load_spec(ROOT / "tests/golden/cases/minimal/bgsvc.toml")
    guide = (ROOT / "docs/desktop.md").read_text(encoding="utf-8")
    shown = re.findall(r"^python3 -m bgsvc run (.*)$", guide, re.MULTILINE)
    generated = [*run_arguments(spec, spec.services[0]), "--boot"]

    assert len(shown) == 1
    words = shlex.split(shown[0])
    assert len(words) == len(generated)
    for word, argument in zip(words, generated, strict=True):
        assert argument.startswith(word.partition("…")[0])


@pytest.mark.parametrize(
    ("document", "least"), [("ARCHITECTURE.md", 40), ("docs/internals.md", 60)]
)
def test_every_path_that_a_document_names_exists(document: str, least: int) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    bases = (ROOT, ROOT / "generator/bgsvc_gen", ROOT / "runtime/bgsvc")
    named = set(re.findall(r"`([\w./]*[/.]\w+/?)`", text))
    paths = {path for path in named if "/" in path and not path.startswith("errors/")}

    assert len(paths) > least
    assert {path for path in paths if not any((base / path).exists() for base in bases)} == set()


def test_every_symbol_of_a_step_is_in_the_file_of_its_row() -> None:
    text = (ROOT / "docs/internals.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]+\| `([\w./-]+)` \|([^|]*)\|$", text, re.MULTILINE)
    symbols = [(path, symbol) for path, cell in rows for symbol in re.findall(r"`([^`]+)`", cell)]
    contents = {path: (ROOT / path).read_text(encoding="utf-8") for path, _ in rows}

    assert len(rows) > 60
    assert len(symbols) > 90
    assert [
        f"{path}: {symbol}"
        for path, symbol in symbols
        if not re.search(rf"\b{re.escape(symbol)}\b", contents[path])
    ] == []
