import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import powershell

QUOTES = "['\u2018\u2019\u201a\u201b]"


def read(literal: str) -> str:
    """Read a single-quoted string as PowerShell does: a doubled quote is one, all else itself."""
    body = re.fullmatch(f"'((?:[^{QUOTES[1:]}|{QUOTES}{{2}})*)'", literal)
    assert body, literal
    return re.sub(f"({QUOTES}){QUOTES}", r"\1", body[1])


def test_variable_is_not_expanded() -> None:
    assert powershell.string("$env:PATH `n $(id)") == "'$env:PATH `n $(id)'"


def test_typographic_quote_does_not_end_a_literal() -> None:
    assert powershell.string("it's \u2018so\u2019") == "'it''s \u2018\u2018so\u2019\u2019'"


@pytest.mark.parametrize("text", ["a\0", "a\nb", "a\rb", "\x1b[0m"])
def test_control_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a PowerShell literal cannot carry"):
        powershell.string(text)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
@example("''\u2018'\u2019")
def test_literal_reads_back_as_the_same_text(text: str) -> None:
    assert read(powershell.string(text)) == text
