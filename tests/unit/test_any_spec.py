"""Any spec results in files or in located diagnostics, never in a traceback."""

import copy
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import tomli
import tomlkit
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.diagnostics import CODES
from bgsvc_gen.errors import BgsvcGenError, SpecError
from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.edit import set_types
from bgsvc_gen.spec.load import build_spec
from bgsvc_gen.spec.locate import locate
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.spec.source import parse_source

CASES = Path(__file__).parents[1] / "golden/cases"
FULL = (CASES / "full/bgsvc.toml").read_text(encoding="utf-8")
TREE: dict[str, Any] = tomli.loads(FULL)


def read(text: str) -> Spec | str:
    """Return the spec that `text` describes, or the first code that is reported."""
    lines = text.split("\n")
    try:
        return build_spec(parse_source(Path("bgsvc.toml"), text))
    except SpecError as error:
        for diagnostic in error.diagnostics:
            place = diagnostic.location
            assert diagnostic.code in CODES
            assert diagnostic.hint
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1
        return error.diagnostics[0].code


def answer(text: str) -> str:
    """Return `files` if `text` generates files, or else the first code that is reported."""
    spec = read(text)
    if isinstance(spec, str):
        return spec
    assert all(file.content for file in generate(spec) if file.path.suffix != ".typed")
    return "files"


def edit(text: str) -> None:
    """Let `--type` change the spec in `text`, or refuse to."""
    with suppress(BgsvcGenError):
        set_types(parse_source(Path("bgsvc.toml"), text), "sync", ["dataSync", "location"])


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - TOML
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())  # pyright: ignore[reportUnknownArgumentType] - TOML
    elif isinstance(value, list):
        inner = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType] - TOML
    deeper = [inner_path for key, item in inner for inner_path in paths(item, (*path, key))]
    return [path, *deeper] if path else deeper


PATHS = paths(TREE)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=True),
        st.booleans(),
        TEXTS,
        st.dates(),
        st.sampled_from(["1s", "99999h", "dataSync", "chaquopy", "a.b:C", "com.example"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=3))
def test_any_value_anywhere_is_accepted_or_reported(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    tree: Any = copy.deepcopy(TREE)
    for path, value in changes:
        place = tree
        try:
            for key in path[:-1]:
                place = place[key]
            # An earlier change may have made a table of a list, and a table's keys are texts.
            if isinstance(place, dict) and not isinstance(path[-1], str):
                continue
            place[path[-1]] = value
        except (KeyError, IndexError, TypeError):  # an earlier change took it away
            continue

    answer(tomlkit.dumps(tree))


@given(st.sampled_from(PATHS), TEXTS)
def test_any_key_anywhere_is_known_or_reported(path: tuple[Any, ...], key: str) -> None:
    tree: Any = copy.deepcopy(TREE)
    place = tree
    for part in path:
        place = place[part]
    if isinstance(place, dict):
        place[key] = 1

        assert answer(tomlkit.dumps(tree)) != "files"


@given(st.integers(0, len(FULL)), st.integers(0, 40), TEXTS)
@example(0, len(FULL), "[" * 3000 + "]" * 3000)
@example(0, len(FULL), "a = " + "[" * 3000 + "]" * 3000)
@example(0, len(FULL), "a" + ".a" * 3000 + " = 1")
@example(0, len(FULL), "a = 1" + "0" * 5000)
@example(0, len(FULL), "a = [\n")
@example(0, len(FULL), 'a = """\n\n')
@example(0, len(FULL), "a = [\r\n")
@example(0, len(FULL), "a = '''\n")
@example(0, len(FULL), "# \u2028\na = 1\na.b = 1\n")
@example(0, 0, "[x]\na = " + "{ a = " * 400 + "1" + "}" * 400 + "\n")
@example(0, 0, "[x" + ".a" * 900 + "]\n")
def test_any_damage_to_the_text_is_reported(start: int, length: int, text: str) -> None:
    damaged = FULL[:start] + text + FULL[start + length :]

    answer(damaged)
    edit(damaged)


REAL = [
    (CASES / name / "bgsvc.toml").read_text(encoding="utf-8")
    for name in ("android-combined", "desktop", "full", "ios-continued", "quoting")
]
REAL.append(REAL[0].replace("\n", "\r\n"))


@pytest.mark.parametrize("text", REAL)
def test_spec_cut_off_at_any_character_is_read_or_reported(text: str) -> None:
    for end in range(len(text)):
        read(text[:end])
        edit(text[:end])
        locate(text[:end])


@pytest.mark.parametrize("character", ["", "[", '"', "'", "{", "\n", "\0", "\u2028"])
def test_spec_with_any_one_character_damaged_is_read_or_reported(character: str) -> None:
    for at in range(len(FULL)):
        read(FULL[:at] + character + FULL[at + 1 :])


def test_types_are_set_below_a_comment_with_a_unicode_line_separator() -> None:
    text = "# one\u2028two\x85three\n[services.sync]\nentry = 'a:B'\n"

    edited = set_types(parse_source(Path("bgsvc.toml"), text), "sync", ["location"])

    assert edited.text == f'{text}\n[services.sync.android]\ntypes = ["location"]\n'


@given(TEXTS)
@example("100%done%")
@example("$(Arg0)")
@example("\ufdd0")
@example("-x")
def test_any_label_is_written_or_reported(label: str) -> None:
    tree: Any = copy.deepcopy(TREE)
    tree["services"]["sync"]["label"] = label

    assert answer(tomlkit.dumps(tree)) in {"files", "BG106", "BG107"}


def test_undamaged_spec_generates_files() -> None:
    assert answer(FULL) == "files"
