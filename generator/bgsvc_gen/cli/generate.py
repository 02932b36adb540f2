"""`android`, `ios`, `desktop`, `all`: write the files of some targets."""

import codecs
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from bgsvc_gen import plist
from bgsvc_gen.cli import report
from bgsvc_gen.cli.installing import install_commands
from bgsvc_gen.cli.options import Place, writing_options
from bgsvc_gen.errors import DriftError, OutputError, UsageError
from bgsvc_gen.facts.android import REFUSED, SERVICE_TYPES
from bgsvc_gen.output.atomic import staged_file
from bgsvc_gen.output.folder import Drift, Folder, Kind
from bgsvc_gen.output.project_lock import lock_project
from bgsvc_gen.output.write import (
    as_output_error,
    bring_up_to_date,
    refuse_another_app,
    refuse_hand_edited,
    refuse_unwritable,
)
from bgsvc_gen.project import (
    DESKTOP,
    TARGET_NAMES,
    Project,
    build_project,
    find_project_source,
    inspect_project,
    read_project,
)
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER
from bgsvc_gen.spec.edit import set_types
from bgsvc_gen.spec.load import spec_warnings
from bgsvc_gen.spec.source import Source
from bgsvc_gen.spec.table import suggestion
from bgsvc_gen.targets import ios


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


@click.command()
@click.option(
    "--type",
    "types",
    metavar="TYPE",
    multiple=True,
    help="Foreground service type, such as dataSync. It replaces the types in the spec, and is "
    "written there. Repeatable.",
)
@click.option(
    "--service",
    metavar="NAME",
    help="Service that --type applies to; needed if the spec has several.",
)
@writing_options
def android_command(
    types: tuple[str, ...],
    service: str | None,
    spec_path: Path | None,
    out: Path | None,
    **flags: Any,  # noqa: ANN401 - the fields of Mode
) -> None:
    """Write the Android service, manifest and bridge.

    \b
    Examples:
      bgsvc-gen android                    generate from the spec
      bgsvc-gen android --type dataSync    also write the type to the spec
    """
    source = find_project_source(spec_path)
    if service is not None and not types:
        raise UsageError(
            "--service selects the service for --type, which is missing", "add --type TYPE"
        )
    for name in types:
        if name not in SERVICE_TYPES:
            _refuse_type(name)
    edited = set_types(source, service, types) if types else source
    project = build_project(edited)
    generate_targets(project, out, ("android",), Mode(**flags), original=source)


def _refuse_type(name: str) -> NoReturn:
    if name in REFUSED:
        message = f'--type: an app cannot declare the foreground service type "{name}"'
        raise UsageError(message, f"use another type; {REFUSED[name]}")
    hint = suggestion(name, SERVICE_TYPES) or f"choose one of: {', '.join(SERVICE_TYPES)}"
    raise UsageError(f'--type: unknown foreground service type "{name}"', hint)


@click.command()
@click.option(
    "--apply-plist",
    "plist_path",
    metavar="PATH",
    type=Place(path_type=Path),
    help="Also merge the keys that the tasks need into this Info.plist, XML or binary.",
)
@writing_options
def ios_command(
    plist_path: Path | None,
    spec_path: Path | None,
    out: Path | None,
    **flags: Any,  # noqa: ANN401 - the fields of Mode
) -> None:
    """Write the iOS background tasks and the Info.plist fragment.

    \b
    Examples:
      bgsvc-gen ios
      bgsvc-gen ios --apply-plist ios/Notes/Info.plist    also merge the keys
    """
    project = read_project(spec_path)
    mode = Mode(**flags)
    if plist_path is None:
        generate_targets(project, out, ("ios",), mode)
        return
    needs = ios.plan(project.spec).property_list
    before = plist.read(plist_path)
    after = plist.merge(before, needs, str(plist_path))
    if mode.writes and before != after:
        plist.refuse_unwritable(plist_path)
    generate_targets(project, out, ("ios",), mode)
    if before == after:
        click.echo(f"unchanged {plist_path.as_posix()}", err=True)
    elif mode.writes:
        plist.write(plist_path, before, after)
        click.echo(f"merged    {plist_path.as_posix()}", err=True)
    elif mode.check:
        raise DriftError(
            f"{plist_path.as_posix()} lacks keys that the tasks need",
            "run the same command without --check",
        )
    else:
        click.echo(f"would merge {plist_path.as_posix()}", err=True)


@click.command()
@click.option(
    "--os",
    "systems",
    type=click.Choice(DESKTOP),
    multiple=True,
    help="System to generate for; repeatable.  [default: all]",
)
@writing_options
def desktop_command(
    systems: tuple[str, ...],
    spec_path: Path | None,
    out: Path | None,
    **flags: Any,  # noqa: ANN401 - the fields of Mode
) -> None:
    """Write the systemd units, launchd jobs and Windows definitions; print the install commands."""
    project = read_project(spec_path)
    mode = Mode(**flags)
    root = project.output_folder(out)
    commands = list(install_commands(project.spec, root, systems or DESKTOP))
    generate_targets(project, out, systems or DESKTOP, mode, install=commands)
    if mode.writes and mode.format_ != "json":
        for system, command in commands:
            click.echo(f"{system:<9} {command}")


@click.command()
@writing_options
def all_command(spec_path: Path | None, out: Path | None, **flags: Any) -> None:  # noqa: ANN401
    """Write the files of every platform.

    A service runs on every desktop system, on Android if it has types or is a job, and on iOS if
    it has tasks.
    """
    project = read_project(spec_path)
    generate_targets(project, out, TARGET_NAMES, Mode(**flags))


def generate_targets(  # noqa: PLR0913 - what a command was asked, one for one
    project: Project,
    out: Path | None,
    names: Collection[str],
    mode: Mode,
    *,
    original: Source | None = None,
    install: Sequence[tuple[str, str]] = (),
) -> None:
    """Bring the files of the targets called `names` up to date, or tell what would change.

    Everything is decided and everything that may be refused is refused before the first write:
    the spec's, where `source` differs from the `original` it was edited from. `install` holds
    systems and commands that belong to what is told as JSON.
    """
    source = project.source
    edited = original is not None and original.text != source.text
    with lock_project(source.path.absolute().parent):
        folder = inspect_project(project, out, names, force=mode.force)
        report.print_warnings(spec_warnings(project.spec, source, names), mode.format_)
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
    """Write both: the spec takes its place last, when everything else has found room."""
    spec = source.path.resolve()  # a link to the spec stays one
    refuse_unwritable(folder, spec)
    if not spec.stat().st_mode & 0o222:
        raise OutputError(f"{source.path} is read-only", "make it writable, or remove --type")
    mark = codecs.BOM_UTF8 if spec.read_bytes().startswith(codecs.BOM_UTF8) else b""
    try:
        with staged_file(spec, mark + source.text.encode()):
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
