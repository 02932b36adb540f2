"""Options that several commands share."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from bgsvc_gen.project import DESKTOP, TARGET_NAMES

Command = TypeVar("Command", bound=Callable[..., Any])


class Place(click.Path):
    """A path option; an empty path is an error, not the current folder."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - click's signature
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - click's signature
        """Return `value` as a path."""
        if value == "":
            self.fail("the path is empty; check for an unset variable", param, ctx)
        return super().convert(value, param, ctx)


def _remember_format(context: click.Context, _: click.Parameter, value: str) -> str:
    context.meta["bgsvc_gen.format"] = value
    return value


def _expand_desktop(
    context: click.Context, _: click.Parameter, value: Sequence[str]
) -> tuple[str, ...]:
    del context
    expanded = (DESKTOP if name == "desktop" else (name,) for name in value)
    return tuple(dict.fromkeys(name for names in expanded for name in names))


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
    type=Place(path_type=Path),
    help="Spec to read.  [default: bgsvc.toml, or [tool.bgsvc] in pyproject.toml]",
)
out_option = click.option(
    "--out",
    metavar="FOLDER",
    type=Place(path_type=Path),
    help="Output folder.  [default: native/bgsvc beside the spec]",
)
force_option = click.option(
    "--force",
    is_flag=True,
    help="Overwrite hand-edited files and the files of another app.",
)
check_option = click.option(
    "--check", is_flag=True, help="Write nothing; exit with status 1 if a file drifted."
)
diff_option = click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Write nothing; list the files that would change."
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(("text", "json", "github")),
    default="text",
    is_eager=True,
    callback=_remember_format,
    help="Output format; github prints annotations for a pull request.",
)
targets_argument = click.argument(
    "targets",
    metavar="[TARGET]...",
    nargs=-1,
    type=click.Choice((*TARGET_NAMES, "desktop")),
    callback=_expand_desktop,
)
color_option = click.option(
    "--color",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    expose_value=False,
    callback=_choose_color,
    help="When to use colours; auto honours NO_COLOR.",
)


def reading_options(command: Command) -> Command:
    """Add the options of every command that reads a spec."""
    for option in (color_option, format_option, out_option, spec_option):
        command = option(command)
    return command


def writing_options(command: Command) -> Command:
    """Add the options of every command that writes files."""
    for option in (dry_run_option, diff_option, check_option, force_option):
        command = option(command)
    return reading_options(command)
