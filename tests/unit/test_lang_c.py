import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import c


def read(literal: str) -> str:
    r"""Read a C string literal: but for `\?`, its escapes mean the same in Python's bytes."""
    assert literal.isascii()
    assert "??" not in literal
    value: bytes = ast.literal_eval("b" + literal.replace(r"\?", "?"))
    return value.decode()


def test_non_ascii_byte_becomes_a_three_digit_octal_escape() -> None:
    assert c.string("é1") == r'"\303\2511"'


def test_two_question_marks_do_not_start_a_trigraph() -> None:
    assert c.string("what??/") == r'"what\?\?/"'


def test_nul_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a C string cannot carry the character U\+0000"):
        c.string("a\0b")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@example('\\"%s\n\r\t??=\\?\\')
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    assert read(c.string(text)) == text
