"""Swift literals and identifiers."""

import re
from typing import Final

from bgsvc_gen.lang.characters import INVISIBLE, SURROGATES, refuse
from bgsvc_gen.lang.names import camel, pascal

_RESERVED: Final = (
    "Any Protocol Self Type as associatedtype await break case catch class continue convenience "
    "default defer deinit do else enum extension fallthrough false fileprivate for func guard if "
    "import in init inout internal is let nil nonisolated operator precedencegroup private "
    "protocol public repeat rethrows return self some static struct subscript super switch throw "
    "throws true try typealias var where while"
)
RESERVED: Final = frozenset(_RESERVED.split())
"""Keywords that Swift accepts as a name only in backticks, everywhere or in some places."""

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_SPECIAL: Final = re.compile(rf'[\\"]|{INVISIBLE.pattern}')
_FORBIDDEN: Final = re.compile(f"[{SURROGATES}]")


def string(value: str) -> str:
    r"""Return `value` as a Swift string literal, safe from `\(…)` interpolation.

    The Swift Programming Language, *String Literals*: `\0 \\ \t \n \r \" \'` and `\u{n}` of one
    to eight hex digits. Source is UTF-8, so what can be read stays as it is.

    Raises:
        ValueError: If `value` is not text (a lone surrogate).
    """
    refuse(value, _FORBIDDEN, "a Swift string")
    return f'"{_SPECIAL.sub(_escape, value)}"'


def type_name(name: str) -> str:
    """Return `name`, a spec name such as `price-watch`, as a type's name: `PriceWatch`."""
    return _identifier(pascal(name))


def member_name(name: str) -> str:
    """Return `name`, a spec name such as `price-watch`, as a member's name: `priceWatch`."""
    return _identifier(camel(name))


def _identifier(name: str) -> str:
    return f"`{name}`" if name in RESERVED else name


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{{{ord(match[0]):X}}}"
