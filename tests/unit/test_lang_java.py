import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import java


def read(literal: str) -> str:
    r"""Read a Java string literal: of those escapes that are written, Python's mean the same."""
    units: str = ast.literal_eval(literal)
    return units.encode("utf-16", "surrogatepass").decode("utf-16")


def test_literal_is_ascii() -> None:
    assert java.string("né 🐍") == r'"n\u00E9 \uD83D\uDC0D"'


def test_control_character_is_not_written_as_a_unicode_escape() -> None:
    assert java.string("a\x0b\x7f1\n") == r'"a\013\1771\n"'


def test_backslash_before_a_u_does_not_start_a_unicode_escape() -> None:
    assert java.string("\\u0041") == r'"\\u0041"'


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="a Java string cannot carry"):
        java.string("\udc0d")


@given(st.text())
@example('\\"$\n\r\t\0')
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    literal = java.string(text)

    assert literal.isascii()
    assert read(literal) == text
