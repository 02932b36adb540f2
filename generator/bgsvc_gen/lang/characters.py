"""Characters that a language cannot express, and characters that are invisible in its source."""

import re
from typing import Final

SURROGATES: Final = "\ud800-\udfff"
"""Lone halves of UTF-16 pairs, which UTF-8 cannot encode."""

CONTROLS: Final = "\x00-\x1f\x7f-\x9f"
"""C0, DEL and C1."""

NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)
)
"""Code points that Unicode never assigns."""

INVISIBLE: Final = re.compile(
    f"[{CONTROLS}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]",
)
"""Characters that are invisible or change the direction of text; they are written as escapes.

A fixed list: `str.isprintable` follows the Python that runs, and output must not.
"""


def refuse(value: str, forbidden: re.Pattern[str], language: str) -> None:
    """Raise if `value` contains a character that `language` cannot express.

    Raises:
        ValueError: The message has the character and the text.
    """
    if match := forbidden.search(value):
        code = f"U+{ord(match[0]):04X}"
        raise ValueError(f"{language} cannot carry the character {code} in {value!a}")
