"""Locations of keys and values are right in every TOML notation."""

from typing import Any

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from bgsvc_gen.diagnostics import Location
from bgsvc_gen.spec.locate import KeyPath, locate

TEXT = '''\
# comment [not.a.table]
top = 1 # trailing = comment

[app]
id = "com.example"   # "quoted # comment"
  indented = 'a # b'
"quoted key"."and \\u0061nother" = true
[services.sync] # a table
text = """
[fake]
fake = 1 \\""" still
"""
literal = \'\'\'
also = "fake"\'\'\'
list = [ "a", # one
  [1, 2],
  { deep = "x" },
]
inline = { a.b = 1, c = [{ d = 2 }], }
date = 1979-05-27 07:32:00
[[many]]
x = 1
[[many]]
x = 2
[many.sub]
y = 3
'''


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("top",), (2, 1), (2, 7)),
        (("app",), (4, 2), (4, 2)),
        (("app", "id"), (5, 1), (5, 6)),
        (("app", "indented"), (6, 3), (6, 14)),
        (("app", "quoted key", "and another"), (7, 14), (7, 35)),
        (("services",), (8, 2), (8, 2)),
        (("services", "sync"), (8, 11), (8, 11)),
        (("services", "sync", "text"), (9, 1), (9, 8)),
        (("services", "sync", "literal"), (13, 1), (13, 11)),
        (("services", "sync", "list", 0), (15, 1), (15, 10)),
        (("services", "sync", "list", 1, 1), (15, 1), (16, 7)),
        (("services", "sync", "list", 2, "deep"), (17, 5), (17, 12)),
        (("services", "sync", "inline", "a", "b"), (19, 14), (19, 18)),
        (("services", "sync", "inline", "c", 0, "d"), (19, 28), (19, 32)),
        (("services", "sync", "date"), (20, 1), (20, 8)),
        (("many", 0, "x"), (22, 1), (22, 5)),
        (("many", 1, "x"), (24, 1), (24, 5)),
        (("many", 1, "sub", "y"), (26, 1), (26, 5)),
    ],
)
def test_key_and_value_are_located(
    path: KeyPath, key: tuple[int, int], value: tuple[int, int]
) -> None:
    places = locate(TEXT)

    assert places.key(path) == Location(*key)
    assert places.value(path) == Location(*value)


def test_absent_key_has_the_location_of_its_table() -> None:
    assert locate(TEXT).key(("services", "sync", "entry")) == Location(8, 11)


def test_key_of_an_empty_file_is_at_its_start() -> None:
    assert locate("").key(("app",)) == Location(1, 1)


def paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:  # noqa: ANN401 - TOML
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())  # pyright: ignore[reportUnknownArgumentType] - TOML
    elif isinstance(value, list):
        inner = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType] - TOML
    return [path, *(inner_path for key, item in inner for inner_path in paths(item, (*path, key)))]


def test_every_value_of_a_text_is_located() -> None:
    locations = locate(TEXT)
    tables = set(locations.keys)

    for path in paths(tomli.loads(TEXT)):
        assert path == () or path in locations.values or path in tables or path[:-1] in tables


KEYS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.booleans().map(lambda flag: str(flag).lower()),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).map(
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), max_size=6).map(
        lambda text: f"'{text}'"
    ),
)


def quote(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def arrays(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")


def tables(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.dictionaries(KEYS, inner, max_size=3)
    return pairs.map(lambda d: "{" + ", ".join(f"{quote(k)} = {v}" for k, v in d.items()) + "}")


VALUES = st.recursive(SCALARS, lambda inner: st.one_of(arrays(inner), tables(inner)), max_leaves=8)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_location_of_every_value_is_where_it_starts(content: dict[str, str]) -> None:
    text = "".join(f"{quote(key)} = {value} # = [\n" for key, value in content.items())
    lines = text.split("\n")
    locations = locate(text)

    document = tomli.loads(text)

    assert set(locations.values) == set(paths(document)) - {()}
    for path, place in locations.values.items():
        value: Any = document
        for part in path:
            value = value[part]
        rest = lines[place.line - 1][place.column - 1 :]
        expected = "[" if isinstance(value, list) else "{" if isinstance(value, dict) else "\"'-tf"
        assert rest[0] in expected or rest[0].isdigit()
