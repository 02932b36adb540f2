"""`check` and `diff`: compare the files with the spec."""

from pathlib import Path

import click

from bgsvc_gen.cli import report
from bgsvc_gen.cli.options import reading_options, targets_argument
from bgsvc_gen.errors import DriftError
from bgsvc_gen.output.folder import Folder, Kind
from bgsvc_gen.project import TARGET_NAMES, inspect_project, read_project


@click.command()
@targets_argument
@reading_options
def check_command(
    targets: tuple[str, ...], spec_path: Path | None, out: Path | None, format_: str
) -> None:
    """Check that the generated files match the spec.

    Checks every platform, or only each TARGET; desktop stands for linux, macos and windows. Lists
    each file that is stale (the spec changed), hand-edited, missing, orphan (the spec no longer
    generates it) or foreign (bgsvc-gen did not write it).
    Exit status 1 if there is one.
    """
    folder = inspect_project(read_project(spec_path), out, targets or TARGET_NAMES)
    report.print_drifts(folder.drifts, folder.root, format_)
    if folder.drifts:
        raise DriftError(report.count(folder.drifts), _suggest_fix(folder))
    if format_ == "text":
        click.echo(f"up to date: {len(folder.expected)} files", err=True)


@click.command()
@targets_argument
@reading_options
def diff_command(
    targets: tuple[str, ...], spec_path: Path | None, out: Path | None, format_: str
) -> None:
    """Show what the generating commands would change, as a unified diff.

    Shows every platform, or only each TARGET.
    """
    folder = inspect_project(read_project(spec_path), out, targets or TARGET_NAMES)
    report.print_diff(folder.drifts, folder.root, format_)


def _suggest_fix(folder: Folder) -> str:
    steps: list[str] = []
    if any(drift.kind is not Kind.FOREIGN for drift in folder.drifts):
        steps.append("run `bgsvc-gen all`")
    kept = {drift.kind for drift in folder.drifts if not drift.ours}
    if kept & {Kind.HAND_EDITED, Kind.ORPHAN}:
        steps.append("it keeps hand-edited files unless you add --force")
    if kept & {Kind.FOREIGN, Kind.IN_THE_WAY}:
        steps.append("move or delete files that bgsvc-gen did not write")
    return "; ".join(steps)
