"""How findings look on a terminal, to a program, and in a pull request."""

import difflib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from bgsvc_gen.errors import BgsvcGenError, SpecError
from bgsvc_gen.output.folder import Drift, Kind

MEANING = {
    Kind.STALE: "differs from the spec",
    Kind.HAND_EDITED: "was changed by hand",
    Kind.MISSING: "is missing",
    Kind.ORPHAN: "comes from no service of the spec",
}


def output_format() -> str:
    """Return `text`, `json` or `github`, as the running command was asked."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if "format_" in context.params:
            return str(context.params["format_"])
        context = context.parent
    return "text"


def print_error(error: BgsvcGenError) -> None:
    """Print an error that ends the command."""
    chosen = _asked_format()
    if isinstance(error, SpecError):
        _print_diagnostics(error, chosen)
    elif chosen == "json":
        click.echo(json.dumps({"error": error.args[0], "hint": error.hint}))
    elif chosen == "github":
        click.echo(f"::error::{_escaped(str(error))}")
    else:
        click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)


def _asked_format() -> str:
    """Return the format of the command that failed; its own context is gone by then."""
    context = click.get_current_context(silent=True)
    return str(context.meta.get("bgsvc_gen.format", "text")) if context else "text"


def _print_diagnostics(error: SpecError, chosen: str) -> None:
    if chosen == "json":
        rows = [
            {
                "file": d.file,
                "line": d.location.line,
                "column": d.location.column,
                "code": d.code,
                "message": d.message,
                "hint": d.hint,
            }
            for d in error.diagnostics
        ]
        click.echo(json.dumps({"diagnostics": rows}, indent=2))
        return
    for d in error.diagnostics:
        place = f"file={d.file},line={d.location.line},col={d.location.column},title={d.code}"
        if chosen == "github":
            click.echo(f"::error {place}::{_escaped(f'{d.message} ({d.hint})')}")
        else:
            click.echo(str(d), err=True)


def print_drifts(drifts: Sequence[Drift], root: Path, chosen: str) -> None:
    """Print what `check` found; in text on stdout, one line a file."""
    if chosen == "json":
        rows = [{"path": drift.path, "kind": drift.kind.value} for drift in drifts]
        click.echo(json.dumps({"root": root.as_posix(), "drift": rows}, indent=2))
        return
    for drift in drifts:
        path = (root / drift.path).as_posix()
        if chosen == "github":
            message = f"{path} {MEANING[drift.kind]}"
            click.echo(f"::error file={path},title={drift.kind.value}::{message}")
        else:
            kind = click.style(f"{drift.kind.value:<11}", fg="yellow")
            click.echo(f"{kind} {path} {MEANING[drift.kind]}")


def print_diff(drifts: Iterable[Drift], root: Path) -> None:
    """Print what writing would change, as one unified diff."""
    for drift in drifts:
        path = (root / drift.path).as_posix()
        if drift.kind is Kind.ORPHAN and not drift.wanted:
            click.echo(f"Only in the folder: {path}")
            continue
        try:
            before, after = drift.found.decode().splitlines(), drift.wanted.decode().splitlines()
        except UnicodeDecodeError:
            click.echo(f"Binary files differ: {path}")
            continue
        source = "/dev/null" if drift.kind is Kind.MISSING else f"a/{path}"
        for line in difflib.unified_diff(before, after, source, f"b/{path}", lineterm=""):
            click.echo(_coloured(line))


def _coloured(line: str) -> str:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours[line[0]]) if line[:1] in colours else line


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
