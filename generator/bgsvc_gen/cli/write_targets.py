"""Bringing the files of some targets up to date, and printing what changed."""

import codecs
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from bgsvc_gen.cli import report
from bgsvc_gen.errors import DriftError, OutputError
from bgsvc_gen.output.atomic import stage_file
from bgsvc_gen.output.folder import Drift, Folder, Kind
from bgsvc_gen.output.project_lock import lock_project
from bgsvc_gen.output.write import (
    as_output_error,
    bring_up_to_date,
    refuse_another_app,
    refuse_hand_edited,
    refuse_unwritable,
)
from bgsvc_gen.packaging import packaging_warnings
from bgsvc_gen.project import Project, inspect_project
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER
from bgsvc_gen.spec.load import spec_warnings
from bgsvc_gen.spec.source import Source


@dataclass(frozen=True, slots=True)
class Mode:
    """What a generating command does with the files: the flags of `writing_options`."""

    force: bool
    check: bool
    diff: bool
    dry_run: bool
    format_: str

    @property
    def writes(self) -> bool:
        """Whether anything may be written."""
        return not (self.check or self.diff or self.dry_run)


def generate_targets(  # noqa: PLR0913 - the arguments of a command, one for one
    project: Project,
    out: Path | None,
    names: Collection[str],
    mode: Mode,
    *,
    original: Source | None = None,
    install: Sequence[tuple[str, str]] = (),
) -> None:
    """Bring the files of some targets up to date, or print what would change.

    Every check runs before the first write, including those for writing the spec back.

    Args:
        project: The project; its source may be an edit of the spec on disk.
        out: The output folder; `native/bgsvc` beside the spec unless given.
        names: The targets to generate.
        mode: What to do with the files.
        original: The spec on disk; `None` where the project's source is what the disk holds.
        install: Systems and install commands, for the JSON report.

    Raises:
        DriftError: `mode.check` is set, and a file drifted.
        HandEditedError: A file to be written was edited by hand.
        OutputError: The output folder or the spec cannot be written.
    """
    source = project.source
    edited = original is not None and original.text != source.text
    with lock_project(source.path.absolute().parent):
        folder = inspect_project(project, out, names, force=mode.force)
        warnings = [
            *spec_warnings(project.spec, source, names),
            *packaging_warnings(project.spec, source.path.parent, folder.root),
        ]
        report.print_warnings(warnings, mode.format_)
        if not mode.force and not mode.check and not mode.diff:
            refuse_another_app(folder)
            refuse_hand_edited(folder)
        if not mode.writes:
            _print_pending(folder, mode)
            return
        done = _write_with_spec(folder, source) if edited else bring_up_to_date(folder)
    if edited:
        click.echo(f"updated   {source.path.as_posix()}", err=True)
    if mode.format_ == "json":
        report.print_written(done, folder.root, install)
    _list_changes(folder, {drift.path for drift in done})
    _summarise(folder, names)


def _write_with_spec(folder: Folder, source: Source) -> list[Drift]:
    """Write the files and the edited spec; the spec is replaced last, once the rest is on disk."""
    spec = source.path.resolve()  # keeps a link to the spec
    refuse_unwritable(folder, spec)
    if not spec.stat().st_mode & 0o222:
        raise OutputError(f"{source.path} is read-only", "make it writable, or remove --type")
    mark = codecs.BOM_UTF8 if spec.read_bytes().startswith(codecs.BOM_UTF8) else b""
    try:
        with stage_file(spec, mark + source.text.encode()):
            return bring_up_to_date(folder)
    except OSError as error:
        raise as_output_error(error, spec) from None


def _list_changes(folder: Folder, done: Collection[str]) -> None:
    """Print a line for each file, and one for each copy of the runtime."""
    lines: dict[str, int] = {}
    for drift in folder.drifts:
        verb = "deleted" if drift.kind is Kind.ORPHAN else "wrote"
        word = verb if drift.path in done else drift.kind.value
        copied = drift.path.startswith(f"{RUNTIME_FOLDER}/")
        name = f"{RUNTIME_FOLDER}/" if copied else drift.path
        line = f"{word:<9} {(folder.root / name).as_posix()}"
        lines[line] = lines.get(line, 0) + 1
    for line, count in lines.items():
        click.echo(line if count == 1 else f"{line} ({count} files)", err=True)


def _print_pending(folder: Folder, mode: Mode) -> None:
    if mode.diff:
        report.print_diff(folder.drifts, folder.root, mode.format_)
    else:
        report.print_drifts(folder.drifts, folder.root, mode.format_)
    if mode.check and folder.drifts:
        raise DriftError(report.count(folder.drifts))


def _summarise(folder: Folder, names: Collection[str]) -> None:
    if not folder.drifts and folder.expected:
        click.echo(f"up to date: {len(folder.expected)} files", err=True)
    absent = [name for name in names if not any(p.startswith(f"{name}/") for p in folder.expected)]
    if absent:
        click.echo(f"the spec has no service for: {', '.join(absent)}", err=True)
