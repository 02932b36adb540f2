"""Reading a duration such as `15m`."""

from typing import Final

from bgsvc_gen.spec import values
from bgsvc_gen.spec.table import Table

_HINT: Final = 'write a number and a unit: "250ms", "30s", "15m", "6h" or "1d"'


def duration(table: Table, key: str, default: float, least: float = 0.0) -> float:
    """Return the seconds that `key` says, or `default` if it is absent or wrong."""
    value = table.string(key)
    if value is None:
        return default
    length = values.seconds(value)
    if length is None:
        table.wrong(key, "BG105", f'"{value}" is no duration', _HINT)
        return default
    if not least <= length <= values.LONGEST_DURATION:
        message = f'{table.name(key)} = "{value}" is out of range'
        hint = f"write a duration from {least:g} seconds to 366 days"
        table.wrong(key, "BG105", message, hint)
        return default
    return length
