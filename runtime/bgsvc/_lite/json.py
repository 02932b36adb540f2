"""JSON without importing `json`, which brings `re` and costs as much as all of this package.

Reading has a fast way for what is in order; whatever it does not like, `json` judges.
"""

from __future__ import annotations

from bgsvc._lite.guards import is_array, is_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

_INFINITY = float("inf")


class _Reading:
    """What the scanner asks of whoever wants it to read."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def safe_repr(value: object, say: Callable[[object], str] = repr) -> str:
    """Return what `repr`, or `say`, makes of `value`; its type's name where that raises."""
    try:
        return say(value)
    except BaseException:  # noqa: BLE001 - too deep, or whatever a class of the service's raises
        return f"<{type(value).__name__}>"


def _accelerators() -> tuple[
    Callable[[str, int], tuple[object, int]] | None,
    Callable[[object, int], Iterable[str]] | None,
    Callable[[str], str],
]:
    """Return C's reader and writer of whole values, where they are, and its writer of strings."""
    try:
        fast: Any = __import__("_json")
        read, quote = fast.make_scanner(_Reading), fast.encode_basestring_ascii
    except ImportError:
        from json.encoder import py_encode_basestring_ascii

        return None, None, py_encode_basestring_ascii
    switches = (False, False, False)  # keys unsorted, none left out, no NaN
    try:
        write = fast.make_encoder(None, safe_repr, quote, None, ":", ",", *switches)
    except (AttributeError, TypeError):
        write = None
    return read, write, quote


_scan, _write, _quoted = _accelerators()


def compact(value: object) -> str:
    """Return `value` as `encode` does, without spaces and faster where it is in order."""
    if _write is not None:
        try:
            return "".join(_write(value, 0))
        except (TypeError, ValueError, RecursionError):  # an odd key, a NaN, too deep
            pass
    return encode(value)


def decode(text: str | bytes) -> object:
    """Return what JSON text says.

    Raises:
        ValueError: If it is not JSON, or nested deeper than anything of ours.
    """
    trimmed = (text.decode() if isinstance(text, bytes) else text).strip(" \t\r\n")
    try:
        if _scan is not None:
            value, end = _scan(trimmed, 0)
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
    if is_object(value):
        pairs = (f"{_quoted(safe_repr(key, str))}: {encode(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if is_array(value):
        return f"[{', '.join(map(encode, value))}]"
    return _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return _quoted(str(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        try:
            return int.__repr__(value)
        except ValueError:  # more digits than Python writes
            return _quoted(safe_repr(value))
    if isinstance(value, float) and -_INFINITY < value < _INFINITY:
        return float.__repr__(value)
    return _quoted(safe_repr(value))
