"""Python literals."""

import re
from typing import Final

from bgsvc_gen.lang.characters import INVISIBLE, SURROGATES, refuse

_SPECIAL: Final = re.compile(rf'[\\"]|{INVISIBLE.pattern}')
_FORBIDDEN: Final = re.compile(f"[{SURROGATES}]")


def string(value: str) -> str:
    r"""Return `value` as a Python string literal, in the formatters' double quotes.

    Not `repr`: what that escapes depends on the Python that runs.
    The Python Language Reference, *Escape sequences*: `\xHH` and `\uHHHH`.

    Raises:
        ValueError: If `value` is not text (a lone surrogate).
    """
    refuse(value, _FORBIDDEN, "a Python source")
    return f'"{_SPECIAL.sub(_escape, value)}"'


def _escape(match: re.Match[str]) -> str:
    return '\\"' if match[0] == '"' else match[0].encode("unicode_escape").decode()
