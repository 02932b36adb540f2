"""`types`: list Android's foreground service types, or describe one."""

import dataclasses
import json
import textwrap
from collections.abc import Iterator
from typing import Final

import click

from bgsvc_gen.cli.options import color_option
from bgsvc_gen.errors import BgsvcGenError
from bgsvc_gen.facts.android import REFUSED, SERVICE_TYPES, Choice, ServiceType

WIDTH: Final = 100
INDENT: Final = " " * 20
MINUTE: Final = 60
HOUR: Final = 3600
ENFORCED: Final = 34
"""API level from which Android requires one of the choices."""


@click.command()
@click.argument("name", metavar="[TYPE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@color_option
def types_command(name: str | None, *, as_json: bool) -> None:
    """List Android's foreground service types, or describe TYPE.

    Write it in `types` of [services.<name>.android], or pass it to `bgsvc-gen android --type`.
    """
    if name is not None and name not in SERVICE_TYPES:
        reason = REFUSED.get(name)
        message = (
            f'"{name}" cannot be declared: {reason}'
            if reason
            else f'"{name}" is not a foreground service type'
        )
        raise BgsvcGenError(message, f"choose one of: {', '.join(SERVICE_TYPES)}")
    rows = list(SERVICE_TYPES.values()) if name is None else [SERVICE_TYPES[name]]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    elif name is None:
        width = max(map(len, SERVICE_TYPES))
        for row in rows:
            click.echo(f"{click.style(row.name.ljust(width), bold=True)}  {row.purpose}")
    else:
        click.echo("\n".join(_details(rows[0])))


def _details(row: ServiceType) -> Iterator[str]:
    yield f"{click.style(row.name, bold=True)}: {row.purpose}"
    for name, text in _facts(row):
        if text:
            yield _wrap(text, f"  {name:<17} ")


def _wrap(text: str, start: str) -> str:
    """Return `text` in lines, with no address of a source broken in two."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=start,
        subsequent_indent=INDENT,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _facts(row: ServiceType) -> Iterator[tuple[str, str]]:
    yield "since", f"API {row.since}"
    yield "time limit", _limit(row)
    yield "start at boot", "yes" if row.boot_allowed else "no"
    yield "after a kill", "Android restarts it" if row.sticky else "it stays stopped"
    yield "permissions", ", ".join(each.name for each in row.permissions)
    further = [f"or {row.unless}"] if row.unless else []
    yield "and one of", ", ".join([*map(_choice, row.choices), *further])
    yield "while in use", "it can start only while the app is in use" if row.while_in_use else ""
    yield "property", row.property or ""
    declaration = {True: "requires a declaration", False: "requires none", None: "not verified"}
    yield "Google Play", declaration[row.play_declaration]
    yield "consider instead", "; ".join(row.alternatives)
    yield "sources", "; ".join(row.sources)


def _choice(choice: Choice) -> str:
    if choice.until is not None:
        return f"{choice.name} (up to API {choice.until})"
    return f"{choice.name} (from API {choice.since})" if choice.since > ENFORCED else choice.name


def _limit(row: ServiceType) -> str:
    limit = row.time_limit
    if limit is None:
        return "none"
    if limit.window is None:
        return f"{limit.seconds // MINUTE} min each time, from API {limit.since}"
    hours, window = limit.seconds // HOUR, limit.window // HOUR
    return f"{hours} h in {window} h, for all such services together, from API {limit.since}"
