import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import python


def test_literal_has_the_formatters_quotes() -> None:
    assert python.string('it\'s "x"') == r'''"it's \"x\""'''


def test_invisible_character_becomes_an_escape() -> None:
    assert python.string("a\0\xad\u202e") == r'"a\x00\xad\u202e"'


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="a Python source cannot carry"):
        python.string("\ud83d")


@given(st.text())
@example("\\N{DOLLAR SIGN}\\\n\r\t{x}%s")
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    assert ast.literal_eval(python.string(text)) == text
