import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import kotlin

SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "'": "'", '"': '"', "\\": "\\", "$": "$"}


def read(literal: str) -> str:
    """Read a Kotlin string literal by the grammar's rules; a template in it is an error."""
    body = re.fullmatch(r'"((?:[^"\\\n\r$]|\\.)*)"', literal, re.DOTALL)
    assert body, literal
    return re.sub(
        r"\\(?:u([0-9A-F]{4})|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else SIMPLE[match[2]],
        body[1],
    )


def test_dollar_does_not_start_a_template() -> None:
    assert kotlin.string("$price ${x}") == r'"\$price \${x}"'


def test_visible_character_is_kept() -> None:
    assert kotlin.string("né 🐍 'x'") == "\"né 🐍 'x'\""


def test_invisible_character_becomes_an_escape() -> None:
    assert kotlin.string("a\u202eb\0c\u2028") == r'"a\u202Eb\u0000c\u2028"'


def test_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot carry the character U\+D83D"):
        kotlin.string("a\ud83d")


@given(st.text())
@example('\\"$\n\r\t\\u0041\\$')
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    assert read(kotlin.string(text)) == text


@pytest.mark.parametrize(
    ("name", "expected"),
    [("sync", "Sync"), ("price-watch", "PriceWatch"), ("a_b-c2", "ABC2"), ("x-2", "X2")],
)
def test_spec_name_becomes_a_class_name(name: str, expected: str) -> None:
    assert kotlin.class_name(name) == expected


def test_keyword_in_a_package_gets_backticks() -> None:
    assert kotlin.package_name("com.example.in.notes") == "com.example.`in`.notes"
