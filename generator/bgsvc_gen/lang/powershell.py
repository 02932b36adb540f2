"""PowerShell literals."""

import re
from typing import Final

from bgsvc_gen.lang.characters import CONTROLS, SURROGATES, refuse

_QUOTES: Final = re.compile("['\u2018\u2019\u201a\u201b]")
_FORBIDDEN: Final = re.compile(f"(?![\\t])[{CONTROLS}{SURROGATES}]")


def string(value: str) -> str:
    """Return `value` as a PowerShell single-quoted literal, in which nothing is expanded.

    about_Quoting_Rules: a quote is doubled; the typographic single quotes (U+2018 to U+201B)
    end such a string as well and are doubled too. There is no escape in it, so control
    characters are refused. Windows PowerShell reads UTF-8 only from a file with a BOM.

    Raises:
        ValueError: If `value` holds a control character other than a tab, or a lone surrogate.
    """
    refuse(value, _FORBIDDEN, "a PowerShell literal")
    return "'" + _QUOTES.sub(lambda match: match[0] * 2, value) + "'"
