"""The options that commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_OUT: Final = Path("native/bgsvc")
"""Where generated files go, beside the spec."""


def _remember_format(context: click.Context, _: click.Parameter, value: str) -> str:
    context.meta["bgsvc_gen.format"] = value
    return value


def _choose_color(context: click.Context, _: click.Parameter, value: str) -> str:
    # NO_COLOR (no-color.org) decides unless the user does.
    if value == "auto":
        context.color = False if os.environ.get("NO_COLOR") else None
    else:
        context.color = value == "always"
    return value


spec_option = click.option(
    "--spec",
    "spec_path",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The spec.  [default: bgsvc.toml, or [tool.bgsvc] in pyproject.toml]",
)
out_option = click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where the files go.  [default: native/bgsvc beside the spec]",
)
force_option = click.option(
    "--force", is_flag=True, help="Overwrite generated files that were changed by hand."
)
check_option = click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 where files drifted."
)
diff_option = click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Write nothing; name the files that would change."
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "github")),
    default="text",
    is_eager=True,
    callback=_remember_format,
    help="How findings are printed; github: as annotations of a pull request.",
)
color_option = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    expose_value=False,
    callback=_choose_color,
    help="Colours; NO_COLOR is honoured.",
)


def reading_options(command: Command) -> Command:
    """Add what every command that reads a spec has."""
    for option in (color_option, format_option, out_option, spec_option):
        command = option(command)
    return command


def writing_options(command: Command) -> Command:
    """Add what every command that writes files has."""
    for option in (dry_run_option, diff_option, check_option, force_option):
        command = option(command)
    return reading_options(command)
