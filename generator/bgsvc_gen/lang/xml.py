"""XML text and attribute values."""

import re
from typing import Final

from markupsafe import Markup, escape

from bgsvc_gen.lang.characters import SURROGATES, refuse

_BLANKS: Final = re.compile("[\t\n\r]")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_FORBIDDEN: Final = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{SURROGATES}\ufffe\uffff]")


def text(value: str) -> Markup:
    """Return `value` escaped for an element's text or a quoted attribute.

    Templates named `*.xml.j2` and `*.plist.j2` escape markup by themselves; this filter is for
    an author's text, which may hold what no XML may. XML 1.0, 2.2 *Char*; 2.11 and 3.3.3: line
    ends and an attribute's blanks are normalised unless written as references.

    Raises:
        ValueError: If `value` holds a character that XML 1.0 forbids, even as a reference.
    """
    refuse(value, _FORBIDDEN, "XML")
    return Markup(_BLANKS.sub(_reference, str(escape(value))))  # noqa: S704 - escaped here


def ascii_text(value: str) -> Markup:
    """Return `value` as `text` does, with a reference for all that is not ASCII.

    For a reader that guesses its encoding: such a file is the same in every one.

    Raises:
        ValueError: If `value` holds a character that XML 1.0 forbids, even as a reference.
    """
    return Markup(_NOT_ASCII.sub(_reference, str(text(value))))  # noqa: S704 - escaped here


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"
