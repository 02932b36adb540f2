"""Quoting for aapt2, which parses the values inside Android's XML."""

import re
from typing import Final

from markupsafe import Markup

from bgsvc_gen.lang import xml
from bgsvc_gen.lang.characters import CONTROLS, INVISIBLE, SURROGATES, refuse

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_SPECIAL: Final = re.compile(rf'[\\"]|[{CONTROLS}]|{INVISIBLE.pattern}')
_FORBIDDEN: Final = re.compile(f"[\0{SURROGATES}]")

_ATTRIBUTE_SPECIAL: Final = re.compile(rf"[\\$]|[{CONTROLS}]|{INVISIBLE.pattern}")
_PLAIN_TEXT: Final = re.compile(r"(?!(?:true|false)\s*$)[^\W\d_]", re.IGNORECASE)


def string(value: str) -> Markup:
    r"""Return `value` as the content of a `<string>`, in double quotes.

    Within the quotes aapt2 keeps blanks and apostrophes, and a leading `@` or `?` refers to
    nothing; `\\ \" \n \t \uXXXX` are its escapes. `%` needs `formatted="false"` on the element.

    Raises:
        ValueError: If `value` holds NUL or a lone surrogate.
    """
    refuse(value, _FORBIDDEN, "an Android string")
    text = str(xml.text(f'"{_SPECIAL.sub(_escape, value)}"'))
    # Element content needs no references for quotes, and is easier to read without.
    return Markup(text.replace("&#34;", '"').replace("&#39;", "'"))  # noqa: S704 - escaped


def attribute(value: str) -> Markup:
    r"""Return `value` for an attribute that takes text, numbers and references alike.

    Quotes mean nothing here, but the first character may: of `@id`, `?attr`, `#fff`, `12` and
    `true` it is written as an escape, so that the value stays text. `$` is escaped as well,
    since the manifest merger replaces `${…}`.

    Raises:
        ValueError: If `value` holds NUL or a lone surrogate.
    """
    refuse(value, _FORBIDDEN, "an Android manifest")
    if not value or _PLAIN_TEXT.match(value):
        return xml.text(_ATTRIBUTE_SPECIAL.sub(_escape, value))
    # A character beyond \uXXXX begins no number, reference or truth value.
    first = _code(value) if ord(value[0]) <= 0xFFFF else value[0]  # noqa: PLR2004 - the BMP's end
    return Markup(first) + xml.text(_ATTRIBUTE_SPECIAL.sub(_escape, value[1:]))  # noqa: S704 - escaped


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or _code(match[0])


def _code(character: str) -> str:
    return f"\\u{ord(character[0]):04X}"
