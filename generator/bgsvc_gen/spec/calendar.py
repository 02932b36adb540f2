"""Calendar events, as systemd.time(7) writes them."""

import re
from typing import Final

_WORD: Final = (
    "minutely|hourly|daily|weekly|monthly|quarterly|semi-?annually|bi-?annually|annually|yearly"
)
_DAY: Final = (
    "(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|"
    "fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
_DAYS: Final = rf"{_DAY}(?:(?:\.\.|-){_DAY})?(?:,{_DAY}(?:(?:\.\.|-){_DAY})?)*"


def _component(number: str) -> str:
    """Return the pattern of `*`, or of numbers, ranges and repetitions joined by commas."""
    item = rf"(?:{number})(?:\.\.(?:{number}))?(?:/[1-9]\d*)?"
    return rf"(?:\*|{item}(?:,{item})*)"


_YEAR: Final = _component(r"19[7-9]\d|2\d{3}|\d{1,2}")
_MONTH: Final = _component(r"0?[1-9]|1[0-2]")
_OF_MONTH: Final = _component(r"0?[1-9]|[12]\d|3[01]")
_BEFORE_END: Final = _component(r"0?[1-9]|[12]\d|30")
_DATE: Final = rf"(?:{_YEAR}-)?{_MONTH}(?:-{_OF_MONTH}|~{_BEFORE_END})"

_HOUR: Final = _component(r"[01]?\d|2[0-3]")
_MINUTE: Final = _component(r"[0-5]?\d")
_SECOND: Final = _component(r"[0-5]?\d(?:\.\d+)?")
_TIME: Final = rf"{_HOUR}:{_MINUTE}(?::{_SECOND})?"

# Only the machine that runs the service knows which time zones exist.
_ZONE: Final = r"(?:utc|gmt|[cemw]et|[emh]st|[a-z_]+(?:/[a-z0-9_+-]+)+)"

_EVENT: Final = re.compile(
    rf"(?:{_WORD}|{_DAYS}(?: +{_DATE})?(?: +{_TIME})?|{_DATE}(?: +{_TIME})?|{_TIME})(?: +{_ZONE})?",
    re.ASCII | re.IGNORECASE,
)
_RANGE: Final = re.compile(r"(\d+)\.\.(\d+)")


def is_calendar_event(text: str) -> bool:
    """Return whether `text` is a calendar event that systemd takes, its time zone aside."""
    forwards = all(int(first) <= int(last) for first, last in _RANGE.findall(text))
    return forwards and _EVENT.fullmatch(text) is not None
