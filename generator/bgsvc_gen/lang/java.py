"""Java literals."""

import re
from typing import Final

from bgsvc_gen.lang.characters import SURROGATES, refuse

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'[\\"]|[^ -~]')
_FORBIDDEN: Final = re.compile(f"[{SURROGATES}]")


def string(value: str) -> str:
    r"""Return `value` as a Java string literal, in ASCII.

    JLS 3.3: `\uXXXX` becomes its character *before* the source is cut into tokens, so a
    control character is written as an octal escape (JLS 3.10.7), always of three digits.
    Above ASCII a `\uXXXX` for each UTF-16 unit: before Java 18 javac reads a source in the
    machine's own encoding.

    Raises:
        ValueError: If `value` is not text (a lone surrogate).
    """
    refuse(value, _FORBIDDEN, "a Java string")
    return f'"{_SPECIAL.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if short := _ESCAPES.get(character):
        return short
    if character <= "\x7f":
        return f"\\{ord(character):03o}"
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex().upper()}" for i in range(0, len(units), 2))
