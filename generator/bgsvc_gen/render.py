"""From a plan to the text of its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bgsvc_gen.lang import FILTERS
from bgsvc_gen.resources import templates_root
from bgsvc_gen.targets.base import Plan

if TYPE_CHECKING:
    import jinja2

TEMPLATE_SUFFIX = ".j2"


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """One file: its path relative to the output folder, and its bytes."""

    path: PurePosixPath
    content: bytes


@cache
def environment() -> "jinja2.Environment":
    """Return the Jinja environment of all templates.

    XML is escaped by Jinja itself, by the template's suffix; every other language
    has its quoting filter, and no other filter exists.
    """
    import jinja2  # noqa: PLC0415 - a help needs none

    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_root()),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(("xml.j2", "plist.j2"), default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters.clear()
    env.filters.update(FILTERS)
    env.globals.clear()
    return env


def render(plan: Plan) -> Iterator[GeneratedFile]:
    """Yield the files of `plan`; a template sees only `plan`."""
    for output in plan.outputs():
        if output.template.endswith(TEMPLATE_SUFFIX):
            template = environment().get_template(output.template)
            item = plan if output.item is None else output.item
            content = template.render(plan=item).encode()
        else:
            content = (templates_root() / output.template).read_bytes()
        yield GeneratedFile(output.path, content)
