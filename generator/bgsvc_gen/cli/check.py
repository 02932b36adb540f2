"""`check` and `diff`: hold the files to the spec."""

from pathlib import Path

import click

from bgsvc_gen.cli import report
from bgsvc_gen.cli.options import DEFAULT_OUT, reading_options
from bgsvc_gen.errors import DriftError
from bgsvc_gen.output.folder import Folder, inspect
from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.source import find_spec
from bgsvc_gen.targets import TARGETS


@click.command()
@reading_options
def check_command(spec_path: Path | None, out: Path | None, format_: str) -> None:
    """Tell whether the generated files are what the spec yields.

    Names each file that is not: stale (the spec changed), hand-edited, missing, or
    an orphan (no service yields it any more). Exit status 1 where there is one.
    """
    folder = inspect_all(spec_path, out)
    report.print_drifts(folder.drifts, folder.root, format_)
    if folder.drifts:
        hint = "run `bgsvc-gen all`; a hand-edited file is kept unless you add --force"
        raise DriftError(f"{len(folder.drifts)} of the generated files drifted", hint)
    if format_ == "text":
        click.echo(f"up to date: {len(folder.wanted)} files", err=True)


@click.command()
@reading_options
def diff_command(spec_path: Path | None, out: Path | None, format_: str) -> None:
    """Show what the generating commands would change, as a unified diff."""
    folder = inspect_all(spec_path, out)
    if format_ == "text":
        report.print_diff(folder.drifts, folder.root)
    else:
        report.print_drifts(folder.drifts, folder.root, format_)


def inspect_all(spec_path: Path | None, out: Path | None) -> Folder:
    """Return the whole output folder, held against the spec."""
    path = spec_path or find_spec(Path())
    root = out if out is not None else path.parent / DEFAULT_OUT
    return inspect(generate(load_spec(path)), root, [target.NAME for target in TARGETS])
