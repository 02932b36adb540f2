"""`init`: create an app."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import list2cmdline

import click

from bgsvc_gen.cli.options import color_option
from bgsvc_gen.starter import DEFAULT_NAME, Answers, default_id, start_app


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--name", help="Name of the app, as users see it.  [default: from DIR]")
@click.option(
    "--id", "app_id", help="Reverse-DNS identifier of the app, such as com.example.notes."
)
@click.option("--no-input", is_flag=True, help="Do not prompt; use the defaults.")
@color_option
def init_command(folder: Path, name: str | None, app_id: str | None, *, no_input: bool) -> None:
    """Create a small app with one service in DIR, or in the current folder.

    Prompts for missing options if stdin is a terminal. Never overwrites a file.

    \b
    Example:
      bgsvc-gen init notes --name Notes --id com.example.notes
    """
    asks = not no_input and sys.stdin.isatty()
    suggested = name or folder.absolute().name.replace("-", " ").replace("_", " ").capitalize()
    suggested = suggested or DEFAULT_NAME
    chosen = name or (click.prompt("Name of the app", suggested) if asks else suggested)
    proposed = default_id(chosen)
    identifier = app_id or (click.prompt("Identifier", proposed) if asks else proposed)
    answers = Answers(chosen, identifier)
    for path in start_app(folder, answers):
        click.echo(f"wrote     {(folder / path).as_posix()}", err=True)
    if app_id is None and not asks:
        click.echo(f"the app's id is {identifier}; use --id to choose another", err=True)
    click.echo(
        "next:\n" + "\n".join(f"  {step}" for step in _next_steps(folder, answers)), err=True
    )


def _next_steps(folder: Path, answers: Answers) -> Iterator[str]:
    joined = list2cmdline if os.sep == "\\" else shlex.join
    if folder != Path():
        yield joined(["cd", str(folder)])
    entry = f"{answers.package}.heartbeat:HeartbeatService"
    yield f"python -m bgsvc run {entry} --app {answers.id}"
    yield "bgsvc-gen all"
