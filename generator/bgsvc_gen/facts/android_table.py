"""Markdown tables of Android's service types: purpose, requirements and limits."""

from collections.abc import Iterator
from typing import Final

from bgsvc_gen.facts.android import SERVICE_TYPES, ServiceType
from bgsvc_gen.facts.markdown import markdown_table

_LIMITS: Final = {None: "", 180: "3 min", 21600: "6 h in 24 h"}
_YES: Final = {True: "yes", False: "no", None: "?"}


def short_table() -> str:
    """Return a Markdown table of what each type allows."""
    head = ("type", "for", "time limit", "start at boot", "comes back after a kill")
    rows = (
        (f"`{row.name}`", row.purpose, _limit(row), _YES[row.boot_allowed], _YES[row.sticky])
        for row in SERVICE_TYPES.values()
    )
    return markdown_table(head, rows)


def long_table() -> str:
    """Return a Markdown table of what each type requires, and its alternatives."""
    head = ("type", "API", "in the manifest", "any one of, on API 34 and newer", "Play", "instead")
    return markdown_table(head, map(_details, SERVICE_TYPES.values()))


def _details(row: ServiceType) -> tuple[str, ...]:
    further = [each.name for each in row.permissions if ".FOREGROUND_SERVICE_" not in each.name]
    return (
        f"`{row.name}`",
        str(row.since),
        ", ".join(f"`{_short(name)}`" for name in further),
        "; ".join(_choices(row)),
        _YES[row.play_declaration],
        "; ".join(row.alternatives),
    )


def _choices(row: ServiceType) -> Iterator[str]:
    for each in row.choices:
        since = f" from {each.since}" if each.since > 34 else ""  # noqa: PLR2004 - where they begin
        until = f" up to {each.until}" if each.until is not None else ""
        prompt = " †" if each.granted == "user" else ""
        yield f"`{_short(each.name)}`{prompt}{since}{until}"
    if row.unless is not None:
        yield f"or {row.unless}"


def _limit(row: ServiceType) -> str:
    return _LIMITS[row.time_limit.seconds if row.time_limit else None]


def _short(permission: str) -> str:
    return permission.removeprefix("android.permission.")
