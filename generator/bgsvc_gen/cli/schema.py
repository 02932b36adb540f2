"""`schema`: print the JSON Schema of a spec."""

import json

import click

from bgsvc_gen.cli.options import color_option
from bgsvc_gen.spec.schema import json_schema


@click.command()
@color_option
def schema_command() -> None:
    """Print the JSON Schema of bgsvc.toml.

    With it, an editor completes and describes the keys, and marks errors:

    \b
      bgsvc-gen schema > bgsvc.schema.json
    and, as the spec's first line:
      #:schema ./bgsvc.schema.json

    The schema cannot express rules across keys, such as types that exclude each other.
    `bgsvc-gen plan` checks them all, and reports each error with its location and a fix.
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
