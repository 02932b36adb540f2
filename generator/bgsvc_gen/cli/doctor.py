"""`doctor`: check that a built app contains what its services need."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import click

from bgsvc_gen.cli.options import color_option, format_option, spec_option
from bgsvc_gen.doctor import Finding
from bgsvc_gen.doctor.android_app import check_android
from bgsvc_gen.doctor.ios import check_ios
from bgsvc_gen.errors import DriftError
from bgsvc_gen.project import read_project
from bgsvc_gen.targets import android, ios


@click.group()
def doctor_command() -> None:
    """Check that a built app contains what its services need.

    Exit status: 0 no findings; 1 findings; 2 an error in the usage, or a file that cannot be read.
    """


@doctor_command.command("ios")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@spec_option
@format_option
@color_option
def ios_doctor(path: Path, spec_path: Path | None, format_: str) -> None:
    """Check the built .app, Info.plist or Xcode project at PATH."""
    plan = ios.plan(read_project(spec_path).spec)
    print_findings(list(check_ios(path, plan)), format_)


@doctor_command.command("android")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@spec_option
@format_option
@color_option
def android_doctor(path: Path, spec_path: Path | None, format_: str) -> None:
    """Check the APK, merged AndroidManifest.xml or Gradle project at PATH."""
    plan = android.plan(read_project(spec_path).spec)
    print_findings(list(check_android(path, plan)), format_)


def print_findings(findings: Sequence[Finding], format_: str) -> None:
    """Print findings on stdout.

    Raises:
        DriftError: There are some.
    """
    if format_ == "json":
        click.echo(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2))
    for finding in findings if format_ != "json" else ():
        if format_ == "github":
            place = f"file={finding.place},title={finding.code}"
            click.echo(f"::error {place}::{finding.message} ({finding.fix})")
        else:
            click.echo(f"{finding.place} {finding.code} {finding.message}\n  fix: {finding.fix}")
    if findings:
        raise DriftError("1 finding" if len(findings) == 1 else f"{len(findings)} findings")
    if format_ == "text":
        click.echo("no findings", err=True)
