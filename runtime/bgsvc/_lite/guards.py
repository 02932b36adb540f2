"""What a value is, where only the run time can tell."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from typing import TypeGuard


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Return whether `value`, decoded from JSON, is an object."""
    return isinstance(value, dict)


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Return whether `value` is any kind of mapping."""
    from collections.abc import Mapping

    return isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Return whether `value` is an array to JSON."""
    return isinstance(value, (list, tuple))


def is_number(value: object) -> TypeGuard[float]:
    """Return whether `value`, decoded from JSON, is a number, NaN and infinities left out."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return -float("inf") < value < float("inf")


def is_awaitable(value: object) -> TypeGuard[Awaitable[object]]:
    """Return whether `value` is to be awaited; cheaper than asking `inspect`."""
    return hasattr(value, "__await__")


def is_generator(value: object) -> bool:
    """Return whether `value` is what calling a function with a `yield` returns."""
    return hasattr(value, "gi_frame") or hasattr(value, "ag_frame")
