"""JSON without importing `json`, which brings `re` and costs as much as all of this package.

Reading has a fast way for what is in order; whatever it does not like, `json` judges.
"""

from __future__ import annotations

from bgsvc._kinds import is_array, is_object

try:
    from _json import encode_basestring_ascii as _quoted
    from _json import make_scanner
except ImportError:  # an interpreter without the accelerators
    from json.encoder import py_encode_basestring_ascii as _quoted

    make_scanner = None  # type: ignore[assignment,misc]

_INFINITY = float("inf")


class _Reading:
    """What the scanner asks of whoever wants it to read."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def decode(text: str | bytes) -> object:
    """Return what JSON text says.

    Raises:
        ValueError: If it is not JSON, or nested deeper than anything of ours.
    """
    trimmed = (text.decode() if isinstance(text, bytes) else text).strip(" \t\r\n")
    try:
        value, end = make_scanner(_Reading)(trimmed, 0)
        if end == len(trimmed):
            return value
    except Exception:  # noqa: BLE001, S110 - `json` tells what is wrong, if anything is
        pass
    import json

    try:
        judged: object = json.loads(trimmed)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return judged


def encode(value: object) -> str:
    """Return `value` as JSON text on one line; what JSON cannot carry goes as its `repr`."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return _quoted(str(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        finite = -_INFINITY < value < _INFINITY
        return float.__repr__(value) if finite else _quoted(repr(value))
    if is_object(value):
        pairs = (f"{_quoted(str(key))}: {encode(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, tuple):
        return encode([*value])
    if is_array(value):
        return f"[{', '.join(map(encode, value))}]"
    return _quoted(repr(value))
