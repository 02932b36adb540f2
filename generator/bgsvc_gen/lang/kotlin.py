"""Kotlin literals and identifiers."""

import re
from typing import Final

from bgsvc_gen.lang.characters import INVISIBLE, SURROGATES, refuse
from bgsvc_gen.lang.names import pascal

_HARD_KEYWORDS: Final = (
    "as break class continue do else false for fun if in interface is null object package return "
    "super this throw true try typealias typeof val var when while"
)
HARD_KEYWORDS: Final = frozenset(_HARD_KEYWORDS.split())
"""Hard keywords, which cannot be a name; soft keywords can."""

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(rf'[\\"$]|{INVISIBLE.pattern}')
_FORBIDDEN: Final = re.compile(f"[{SURROGATES}]")


def string(value: str) -> str:
    r"""Return `value` as a Kotlin string literal, safe from `$` interpolation.

    Kotlin grammar, *EscapedIdentifier* and *UniCharacterLiteral*: `\t \b \r \n \' \" \\ \$`
    and `\uXXXX`; no octal, no hex escape. Source is UTF-8, so what can be read stays as it is.

    Raises:
        ValueError: If `value` is not text (a lone surrogate).
    """
    refuse(value, _FORBIDDEN, "a Kotlin string")
    return f'"{_SPECIAL.sub(_escape, value)}"'


def class_name(name: str) -> str:
    """Return `name`, a spec name such as `price-watch`, as a class name: `PriceWatch`."""
    return pascal(name)


def package_name(name: str) -> str:
    """Return a dotted `name` as Kotlin writes it in `package`: keywords in backticks."""
    return ".".join(f"`{part}`" if part in HARD_KEYWORDS else part for part in name.split("."))


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"
