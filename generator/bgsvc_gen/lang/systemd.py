"""systemd unit files: a setting's plain value, an argument of a command, an assignment."""

import re
from typing import Final

from bgsvc_gen.lang.characters import CONTROLS, NONCHARACTERS, SURROGATES, refuse

_BARE: Final = re.compile(r"[A-Za-z0-9_./:=@,+-]+")
_BLANKS: Final = " \t"
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'[\\"\x00-\x1f\x7f]')
_FORBIDDEN: Final = re.compile(f"[\0{SURROGATES}{NONCHARACTERS}]")
_FORBIDDEN_IN_VALUE: Final = re.compile(f"(?!\\t)[{CONTROLS}{SURROGATES}{NONCHARACTERS}]")


def value(text: str) -> str:
    """Return `text` as a plain value, such as that of `Description=`.

    systemd.syntax(7): such a value has no quotes and no escapes; blanks around it are dropped
    and a backslash at its end joins the next line. systemd.unit(5): `%` begins a specifier.
    A line that is not UTF-8, or holds a noncharacter, is ignored whole.

    Raises:
        ValueError: If `text` holds a control character other than a tab, a noncharacter or
            a lone surrogate, begins or ends with a blank, or ends with a backslash.
    """
    refuse(text, _FORBIDDEN_IN_VALUE, "a systemd value")
    if text != text.strip(_BLANKS) or text.endswith("\\"):
        raise ValueError(f"a systemd value cannot begin or end like {text!a}")
    return text.replace("%", "%%")


def exec_argument(text: str) -> str:
    """Return `text` as one argument of `ExecStart=`, quoted where that is needed.

    systemd.service(5), *Command lines*: words split at blanks, double quotes hold one together,
    C escapes are undone, then `%` specifiers and `$` variables are expanded: `%%` and `$$`.

    Raises:
        ValueError: If `text` holds NUL, a noncharacter or a lone surrogate.
    """
    return _quote(text).replace("$", "$$")


def environment(assignment: str) -> str:
    """Return `assignment`, a `NAME=value`, as one word of `Environment=`.

    systemd.exec(5): as an argument, but `$` has no special meaning.

    Raises:
        ValueError: If `assignment` holds NUL, a noncharacter or a lone surrogate.
    """
    return _quote(assignment)


def _quote(text: str) -> str:
    refuse(text, _FORBIDDEN, "a systemd unit")
    if _BARE.fullmatch(text):
        return text
    return '"' + _SPECIAL.sub(_escape, text).replace("%", "%%") + '"'


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\x{ord(match[0]):02x}"
