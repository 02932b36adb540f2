"""`schema`: what a spec may hold, for an editor."""

import json

import click

from bgsvc_gen.cli.options import color_option
from bgsvc_gen.spec.schema import json_schema


@click.command()
@color_option
def schema_command() -> None:
    """Print the JSON Schema of bgsvc.toml.

    With it an editor completes the keys, tells what each is for and marks what is wrong:

    \b
      bgsvc-gen schema > bgsvc.schema.json
    and, as the spec's first line:
      #:schema ./bgsvc.schema.json

    What only the whole spec can tell, such as types that exclude each other, is left to
    `bgsvc-gen plan`, which also gives each finding its place and a way out.
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
