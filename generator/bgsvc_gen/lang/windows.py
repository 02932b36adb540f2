"""Windows command lines, as the C runtime and `CommandLineToArgvW` take them apart."""

import re
from typing import Final

from bgsvc_gen.lang.characters import CONTROLS, SURROGATES, refuse

_BARE: Final = re.compile(r"[A-Za-z0-9_./:=@,+\\-]+")
_BEFORE_QUOTE: Final = re.compile(r'(\\*)"')
_AT_END: Final = re.compile(r"(\\+)$")
_VARIABLE: Final = re.compile(r"%[^%\s]+%|\$\(Arg\d+\)")
_FORBIDDEN: Final = re.compile(f"[{CONTROLS}{SURROGATES}]")


def find_expansion(value: str) -> str | None:
    """Return the part of `value` that Windows would replace by something else, or `None`."""
    match = _VARIABLE.search(value)
    return match[0] if match else None


def argument(value: str) -> str:
    """Return `value` as one argument of a command line, quoted where that is needed.

    CommandLineToArgvW: backslashes are themselves, but before a quote two of them are one and
    an odd one makes the quote a character. WinSW and Task Scheduler expand `%NAME%`, the latter
    `$(Arg0)` too, and have no escape for either: a text that could hold one is refused.

    Raises:
        ValueError: If `value` holds a control character, a lone surrogate, `%…%` or `$(Arg…)`.
    """
    refuse(value, _FORBIDDEN, "a Windows command line")
    if expansion := find_expansion(value):
        raise ValueError(f"Windows would expand {expansion!a} in {value!a}")
    if _BARE.fullmatch(value):
        return value
    quoted = _AT_END.sub(r"\1\1", _BEFORE_QUOTE.sub(r'\1\1\\"', value))
    return f'"{quoted}"'
