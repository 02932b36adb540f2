"""`init`: start an app."""

import sys
from pathlib import Path

import click

from bgsvc_gen.cli.options import color_option
from bgsvc_gen.starter import DEFAULT_NAME, Answers, default_id, start_app


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), default=Path())
@click.option("--name", help="What users call the app.  [default: from DIR]")
@click.option("--id", "app_id", help="Its reverse-DNS identifier, such as com.example.notes.")
@click.option("--no-input", is_flag=True, help="Ask nothing; take the defaults.")
@color_option
def init_command(folder: Path, name: str | None, app_id: str | None, *, no_input: bool) -> None:
    """Start a small app with a service in it, in DIR or here.

    Asks for what was not given, if there is a terminal to ask at. Never overwrites a file.

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
    steps = [] if folder == Path() else [f"cd {folder}"]
    steps += [f"python -m bgsvc run {answers.package}.heartbeat:HeartbeatService", "bgsvc-gen all"]
    click.echo("next:\n" + "\n".join(f"  {step}" for step in steps), err=True)
