"""`explain`: print what each platform guarantees the services of a spec."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from bgsvc_gen.cli.options import color_option, spec_option
from bgsvc_gen.errors import BgsvcGenError
from bgsvc_gen.explain import Answer, explain
from bgsvc_gen.facts.promises import SCENARIOS, Promise
from bgsvc_gen.project import read_project
from bgsvc_gen.spec.model import Service

WIDTH: Final = 100
INDENT: Final = " " * 16
COLOURS: Final = {"guaranteed": "green", "bestEffort": "yellow", "unsupported": "red"}


@click.command()
@click.argument("service", required=False)
@spec_option
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
@color_option
def explain_command(service: str | None, spec_path: Path | None, *, as_json: bool) -> None:
    """Print what each platform guarantees the spec's services, or only SERVICE, and why.

    The levels are guaranteed (the platform documents it), bestEffort (the platform tries) and
    unsupported. A condition that only the device can answer, such as whether lingering is enabled
    for the user, counts as not met.
    """
    spec = read_project(spec_path).spec
    chosen = [each for each in spec.services if service in (None, each.name)]
    if not chosen:
        names = ", ".join(each.name for each in spec.services)
        raise BgsvcGenError(f'the spec has no service "{service}"', f"choose one of: {names}")
    if as_json:
        answers = {each.name: [dataclasses.asdict(one) for one in explain(each)] for each in chosen}
        click.echo(json.dumps(answers, indent=2, ensure_ascii=False))
        return
    click.echo("\n\n".join("\n".join(_lines(each)) for each in chosen))


def _lines(service: Service) -> Iterator[str]:
    yield click.style(f"{service.name}: {service.label.default} ({service.entry})", bold=True)
    for answer in explain(service):
        yield f"\n  {answer.target}, as {answer.mode}"
        yield from _promises(answer)


def _promises(answer: Answer) -> Iterator[str]:
    for name, promise in answer.scenarios.items():
        level = click.style(f"{promise.level:<11}", fg=COLOURS[promise.level])
        yield f"    {level} {SCENARIOS[name]}"
        yield click.wrap_text(_reason(promise), WIDTH, INDENT, INDENT)


def _reason(promise: Promise) -> str:
    return (
        f"{promise.reason}; needs {', '.join(promise.needs)}" if promise.needs else promise.reason
    )
