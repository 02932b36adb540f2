"""Grammar of values in a spec: durations, identifiers, texts."""

import keyword
import re
import unicodedata
from typing import Final

from bgsvc_gen.lang.characters import NONCHARACTERS
from bgsvc_gen.lang.kotlin import HARD_KEYWORDS

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)", re.ASCII)
_APP_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)+")
_SERVICE_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|\d{3}))?")

# XML forbids some noncharacters, systemd all of them.
_NONCHARACTER: Final = re.compile(f"[{NONCHARACTERS}]")

MAX_DURATION_S: Final = 366 * 86400.0
"""Seconds; a longer duration is a mistake, and can overflow a platform's counter."""

MAX_SERVICE_NAME_LENGTH: Final = 64
"""Characters of a service name, which becomes part of file, unit and class names."""

MAX_TEXT_LENGTH: Final = 1000
"""Characters of a text that users see."""

MAX_DISPLAY_NAME_LENGTH: Final = 126
"""Characters of an app's name and of a label; Windows shows both in one display name of at most
256 (`CreateServiceW`)."""

MAX_COMMAND_LENGTH: Final = 15_000
"""Characters of JSON on a command line; Windows allows 32,767 in all (`CreateProcessW`), and
quoting can double them."""

MAX_APP_ID_LENGTH: Final = 150
"""Characters of an app id.

Files are named after it and a service name, and a file name has at most 255 bytes. The rest, 40, is
for a dot, the longest suffix, and the suffix of a temporary file.
"""

_JAVA_WORDS: Final = (
    "abstract assert boolean break byte case catch char class const continue default do double "
    "else enum extends false final finally float for goto if implements import instanceof int "
    "interface long native new null package private protected public return short static strictfp "
    "super switch synchronized this throw throws transient true try void volatile while"
)
_RESERVED_SEGMENTS: Final = HARD_KEYWORDS | frozenset(_JAVA_WORDS.split())

# Windows opens a device for a file with such a name and any suffix.
_DEVICE_NAME: Final = re.compile(r"con|prn|aux|nul|(?:com|lpt)\d")


def seconds(text: str) -> float | None:
    """Return the seconds of a duration such as `250ms`, `1s`, `15m` or `6h`, or `None`."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else None


def as_duration(length: float) -> str:
    """Return the shortest spelling of a duration of `length` seconds."""
    for unit, size in reversed(_UNITS.items()):
        if length % size == 0:
            return f"{length / size:g}{unit}"
    return f"{length:g}s"


def is_app_id(text: str) -> bool:
    """Return whether `text` is a reverse-DNS name of two segments or more, and not too long."""
    return len(text) <= MAX_APP_ID_LENGTH and _APP_ID.fullmatch(text) is not None


def unfit_segment(app_id: str) -> str | None:
    """Return the segment of `app_id` that a Kotlin package cannot have, or `None`.

    Android's application id allows letters, digits and underscores, and its package may
    hold no reserved word.
    """
    for segment in app_id.split("."):
        if "-" in segment or segment in _RESERVED_SEGMENTS:
            return segment
    return None


def is_service_name(text: str) -> bool:
    """Return whether `text` can be a file, unit, label and class name on every platform."""
    fits = len(text) <= MAX_SERVICE_NAME_LENGTH and not is_device_name(text)
    return fits and _SERVICE_NAME.fullmatch(text) is not None


def is_device_name(text: str) -> bool:
    """Return whether Windows opens a device instead of a file of this name."""
    return _DEVICE_NAME.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """Return whether `text` is a language tag such as `de`, `pt-BR` or `zh-Hant-TW`."""
    return _LANGUAGE.fullmatch(text) is not None


def is_entry(text: str) -> bool:
    """Return whether `text` is `package.module:Class`."""
    module, colon, name = text.partition(":")
    return bool(colon) and all(_is_identifier(part) for part in (*module.split("."), name))


def text_fault(text: str, most: int = MAX_TEXT_LENGTH) -> str | None:
    """Return why `text` cannot be shown in up to `most` characters, or `None`."""
    if len(text) > most:
        return f"has {len(text)} characters, more than {most}"
    return None if is_text(text) else "is blank or contains a control character"


def is_text(text: str) -> bool:
    """Return whether every platform can show `text`: one line, not blank, no control characters."""
    return bool(text.strip()) and not any(_is_unprintable(character) for character in text)


def _is_identifier(word: str) -> bool:
    return word.isascii() and word.isidentifier() and not keyword.iskeyword(word)


def _is_unprintable(character: str) -> bool:
    # Cc: controls; Cs: lone surrogates; Zl, Zp: line and paragraph separators.
    special = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
    return special or _NONCHARACTER.match(character) is not None
