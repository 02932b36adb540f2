"""`android`, `ios`, `desktop`, `all`: the commands that write the files of some targets."""

from pathlib import Path
from typing import Any, NoReturn

import click

from bgsvc_gen import plist
from bgsvc_gen.cli.install_commands import install_commands
from bgsvc_gen.cli.options import Place, writing_options
from bgsvc_gen.cli.write_targets import Mode, generate_targets
from bgsvc_gen.errors import DriftError, UsageError
from bgsvc_gen.facts.android import REFUSED, SERVICE_TYPES
from bgsvc_gen.project import (
    DESKTOP,
    TARGET_NAMES,
    build_project,
    find_project_source,
    read_project,
)
from bgsvc_gen.spec.edit import set_types
from bgsvc_gen.spec.table import suggestion
from bgsvc_gen.targets import ios


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
