"""`plan`: print the plans that the templates receive."""

import dataclasses
import json
from pathlib import Path

import click

from bgsvc_gen.cli.options import color_option, spec_option, targets_argument
from bgsvc_gen.project import TARGET_NAMES, read_project
from bgsvc_gen.targets import TARGETS


@click.command()
@targets_argument
@spec_option
@color_option
def plan_command(targets: tuple[str, ...], spec_path: Path | None) -> None:
    """Print the plan for each platform, or only for each TARGET, as JSON.

    A plan contains every name, value and flag that the templates print.
    """
    spec = read_project(spec_path).spec
    chosen = [module for module in TARGETS if module.NAME in (targets or TARGET_NAMES)]
    plans = {module.NAME: dataclasses.asdict(module.plan(spec)) for module in chosen}
    click.echo(json.dumps(plans, indent=2, default=str))
