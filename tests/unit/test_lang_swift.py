import re
from collections.abc import Iterator
from typing import cast

import pytest
import tree_sitter_swift
from hypothesis import example, given
from hypothesis import strategies as st
from tree_sitter import Language, Node, Parser

from bgsvc_gen.lang import swift

# The stubs say int, which is deprecated; it is a capsule.
PARSER = Parser(Language(cast("object", tree_sitter_swift.language())))
SIMPLE = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "'": "'"}


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def read(literal: str) -> str:
    """Read a Swift string literal: its pieces as the grammar cuts them, without interpolation."""
    tree = PARSER.parse(f"let x = {literal}\n".encode())
    assert not tree.root_node.has_error, literal
    assert [n for n in nodes(tree.root_node) if n.type == "interpolated_expression"] == []
    (literal_node,) = (n for n in nodes(tree.root_node) if n.type == "line_string_literal")
    assert literal_node.text == literal.encode()
    return re.sub(
        r"\\(?:u\{([0-9A-F]+)\}|(.))",
        lambda escape: chr(int(escape[1], 16)) if escape[1] else SIMPLE[escape[2]],
        literal[1:-1],
    )


def test_backslash_and_parenthesis_do_not_start_an_interpolation() -> None:
    assert swift.string(r"\(x)") == r'"\\(x)"'


def test_visible_character_is_kept() -> None:
    assert swift.string("né 🐍 $x 'y'") == "\"né 🐍 $x 'y'\""


def test_invisible_character_becomes_an_escape() -> None:
    assert swift.string("a\u202eb\0\x07") == r'"a\u{202E}b\0\u{7}"'


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="a Swift string cannot carry"):
        swift.string("\ud83d")


@given(st.text())
@example('\\(x) \\"\n\r\t\0"""#')
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    assert read(swift.string(text)) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("price-watch", "priceWatch"),
        ("default", "`default`"),
        ("in-it", "inIt"),
        ("self", "`self`"),
    ],
)
def test_spec_name_becomes_a_member_name(name: str, expected: str) -> None:
    assert swift.member_name(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("price-watch", "PriceWatch"), ("type", "`Type`"), ("any", "`Any`")]
)
def test_spec_name_becomes_a_type_name(name: str, expected: str) -> None:
    assert swift.type_name(name) == expected
