import plistlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from bgsvc_gen.lang import xml
from bgsvc_gen.render import environment

ALLOWED = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r\x7f\x85")
)


@given(ALLOWED)
@example("]]> <!-- & ' \" \r\n\t")
def test_text_reads_back_from_an_element_and_an_attribute(text: str) -> None:
    element = etree.fromstring(f'<a b="{xml.text(text)}">{xml.text(text)}</a>')

    assert element.text == (text or None)
    assert element.get("b") == text


@given(ALLOWED)
@example("né 🐍 & co\r\n")
def test_ascii_text_is_ascii_and_reads_back_the_same(text: str) -> None:
    escaped = str(xml.ascii_text(text))

    assert escaped.isascii()
    assert etree.fromstring(f"<a>{escaped}</a>").text == (text or None)


@given(ALLOWED)
def test_text_reads_back_from_a_property_list(text: str) -> None:
    document = f"<plist version='1.0'><string>{xml.text(text)}</string></plist>"

    assert plistlib.loads(document.encode(), fmt=plistlib.FMT_XML) == text


@pytest.mark.parametrize("character", ["\0", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud83d"])
def test_character_that_xml_forbids_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="XML cannot carry the character"):
        xml.text(f"a{character}")


def test_autoescaping_template_does_not_escape_twice() -> None:
    template = environment().from_string(
        "{% autoescape true %}{{ plan | xml_text }}{% endautoescape %}"
    )

    assert template.render(plan="<&>") == "&lt;&amp;&gt;"
