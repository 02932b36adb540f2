"""The whole middle, pure: spec, plans, files."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.errors import UnquotableError
from bgsvc_gen.render import GeneratedFile, render
from bgsvc_gen.resources import runtime_root
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import TARGETS
from bgsvc_gen.targets.base import Target

RUNTIME_FOLDER: Final = PurePosixPath("python/bgsvc")
"""Where a target that embeds Python finds its copy of the runtime, in its folder."""


def generate(spec: Spec, targets: Iterable[Target] = TARGETS) -> Iterator[GeneratedFile]:
    """Yield every file `spec` makes, under a folder named after its target.

    A target that no service of the spec runs on yields nothing.

    Raises:
        UnquotableError: The spec holds a text that a target's language cannot carry.
    """
    for target in targets:
        try:
            files = list(render(target.plan(spec)))
        except ValueError as error:  # a quoting filter: the last to see what no rule foresaw
            hint = "reword it in the spec; a rule should have said so with its place: report this"
            raise UnquotableError(f"{target.NAME}: {error}", hint) from None
        if files and target.CARRIES_RUNTIME:
            files.extend(runtime_files())
        for file in files:
            yield GeneratedFile(target.NAME / file.path, file.content)


def runtime_files() -> Iterator[GeneratedFile]:
    """Yield the runtime, byte for byte: a shim and its runtime cannot disagree."""
    root = runtime_root()
    for path in sorted(root.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = RUNTIME_FOLDER / path.relative_to(root).as_posix()
            yield GeneratedFile(name, path.read_bytes())
