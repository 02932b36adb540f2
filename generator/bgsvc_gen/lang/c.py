"""C literals."""

import re
from typing import Final

from bgsvc_gen.lang.characters import SURROGATES, refuse

_ESCAPES: Final = {
    b"\\": "\\\\",
    b'"': '\\"',
    b"?": "\\?",
    b"\n": "\\n",
    b"\r": "\\r",
    b"\t": "\\t",
}
_SPECIAL: Final = re.compile(rb'[\\"?]|[^ -~]')
_FORBIDDEN: Final = re.compile(f"[\0{SURROGATES}]")


def string(value: str) -> str:
    r"""Return `value` as a C string literal holding its UTF-8 bytes, itself in ASCII.

    C17 6.4.4.4: an octal escape ends after three digits, a hex escape does not, so bytes are
    octal and three digits long. `?` is escaped as well, or two of them could begin a trigraph.

    Raises:
        ValueError: If `value` holds NUL, which ends a C string, or a lone surrogate.
    """
    refuse(value, _FORBIDDEN, "a C string")
    parts: list[str] = []
    for byte in (bytes([code]) for code in value.encode()):
        plain = _SPECIAL.fullmatch(byte) is None
        parts.append(byte.decode() if plain else _ESCAPES.get(byte) or f"\\{byte[0]:03o}")
    return f'"{"".join(parts)}"'
