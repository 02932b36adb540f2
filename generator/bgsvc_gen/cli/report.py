"""Printing errors, drifts and diffs as text, as JSON, or as annotations of a pull request."""

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from bgsvc_gen.diagnostics import Diagnostic, visible
from bgsvc_gen.errors import BgsvcGenError, DriftError, SpecError
from bgsvc_gen.output.folder import Drift, Kind

DESCRIPTIONS: Final = {
    Kind.STALE: "differs from what the spec generates",
    Kind.HAND_EDITED: "was edited by hand",
    Kind.MISSING: "is missing",
    Kind.ORPHAN: "is no longer generated",
    Kind.FOREIGN: "was not written by bgsvc-gen; it is kept",
    Kind.IN_THE_WAY: "was not written by bgsvc-gen and is in its way",
}
COLOURS: Final = {"+": "green", "-": "red", "@": "cyan"}


def print_error(error: BgsvcGenError) -> None:
    """Print the error that ends the command, in the chosen format."""
    context = click.get_current_context(silent=True)
    chosen = str(context.meta.get("bgsvc_gen.format", "text")) if context else "text"
    if isinstance(error, DriftError) and chosen != "text":
        return  # stdout already has all findings
    if isinstance(error, SpecError):
        _print_diagnostics(error, chosen)
    elif chosen == "json":
        click.echo(json.dumps({"error": error.args[0], "hint": error.hint}))
    elif chosen == "github":
        click.echo(f"::error::{_escape(str(error))}")
    else:
        text = visible(str(error), keep="\n")
        click.echo(f"{click.style('error:', fg='red', bold=True)} {text}", err=True)


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
        if chosen == "github":
            place = (
                f"file={_escape_property(d.file)},line={d.location.line},col={d.location.column}"
            )
            click.echo(f"::error {place},title={d.code}::{_escape(f'{d.message} ({d.hint})')}")
        else:
            click.echo(str(d), err=True)


def print_warnings(warnings: Iterable[Diagnostic], chosen: str) -> None:
    """Print warnings: on stderr as text, or on stdout as annotations of a pull request."""
    for d in warnings:
        if chosen == "github":
            place = (
                f"file={_escape_property(d.file)},line={d.location.line},col={d.location.column}"
            )
            click.echo(f"::warning {place},title={d.code}::{_escape(f'{d.message} ({d.hint})')}")
        elif chosen == "text":
            click.echo(f"{click.style('warning:', fg='yellow')} {d}", err=True)


def count(drifts: Sequence[Drift]) -> str:
    """Return how many files do not match the spec, as a sentence."""
    files = "1 file does" if len(drifts) == 1 else f"{len(drifts)} files do"
    return f"{files} not match the spec"


def to_rows(drifts: Iterable[Drift]) -> list[dict[str, str]]:
    """Return a row of JSON for each of `drifts`."""
    return [{"path": drift.path, "kind": drift.kind.value} for drift in drifts]


def print_written(
    done: Iterable[Drift], root: Path, install: Iterable[tuple[str, str]] = ()
) -> None:
    """Print the written and deleted files and the install commands as JSON."""
    content: dict[str, object] = {"root": root.as_posix()}
    content["written"] = to_rows(drift for drift in done if drift.kind is not Kind.ORPHAN)
    content["deleted"] = to_rows(drift for drift in done if drift.kind is Kind.ORPHAN)
    commands = [{"system": system, "command": command} for system, command in install]
    click.echo(json.dumps(content | ({"install": commands} if commands else {}), indent=2))


def print_drifts(drifts: Sequence[Drift], root: Path, chosen: str) -> None:
    """Print the drifts on stdout; as text, one line per file."""
    if chosen == "json":
        click.echo(json.dumps({"root": root.as_posix(), "drift": to_rows(drifts)}, indent=2))
        return
    for drift in drifts:
        path = (root / drift.path).as_posix()
        meaning = _meaning(drift)
        if chosen == "github":
            place = f"file={_escape_property(path)},title={drift.kind.value}"
            click.echo(f"::error {place}::{_escape(f'{path} {meaning}')}")
        else:
            kind = click.style(f"{drift.kind.value:<11}", fg="yellow")
            click.echo(f"{kind} {visible(path)} {meaning}")


def _meaning(drift: Drift) -> str:
    if drift.kind is Kind.ORPHAN and not drift.ours:
        return f"{DESCRIPTIONS[drift.kind]}, but was edited by hand; it is kept"
    return DESCRIPTIONS[drift.kind]


def print_diff(drifts: Sequence[Drift], root: Path, chosen: str) -> None:
    """Print what an update would change: as text, one unified diff; otherwise one per file."""
    diffs = ["\n".join(_diff_lines(drift, (root / drift.path).as_posix())) for drift in drifts]
    if chosen == "json":
        rows = [{**row, "diff": diff} for row, diff in zip(to_rows(drifts), diffs, strict=True)]
        click.echo(json.dumps({"root": root.as_posix(), "drift": rows}, indent=2))
        return
    for drift, diff in zip(drifts, diffs, strict=True) if chosen == "github" else ():
        place = f"file={_escape_property((root / drift.path).as_posix())},title={drift.kind.value}"
        click.echo(f"::error {place}::{_escape(diff)}")
    for drift in drifts if chosen == "text" else ():
        for line in _diff_lines(drift, (root / drift.path).as_posix()):
            click.echo(click.style(visible(line, keep="\t"), fg=COLOURS.get(line[:1])))


def _diff_lines(drift: Drift, path: str) -> Iterator[str]:
    if drift.kind in (Kind.ORPHAN, Kind.FOREIGN):
        yield f"would {'delete' if drift.ours else 'keep'}: {path}"
        return
    if drift.actual == drift.expected:
        yield f"would rewrite: {path}"
        return
    try:
        before, after = _split_lines(drift.actual), _split_lines(drift.expected)
    except UnicodeDecodeError:
        yield f"would rewrite, binary: {path}"
        return
    source = "/dev/null" if drift.kind is Kind.MISSING else f"a/{path}"
    yield from difflib.unified_diff(before, after, source, f"b/{path}", lineterm="")


def _split_lines(content: bytes) -> list[str]:
    r"""Return the lines, with `^M` for a carriage return and a mark for no final newline."""
    lines = content.decode().replace("\r", "^M").split("\n")
    last = lines.pop()
    return [*lines, f"{last}\\ no newline at the end"] if last else lines


def _escape(text: str) -> str:
    """Return `text` as a workflow command's message."""
    text = visible(text.replace("%", "%25"), keep="\r\n\t")
    return text.replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    """Return `text` as a workflow command's property."""
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
