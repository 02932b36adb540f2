"""A project on the disk: its spec, and the folder that belongs to it."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from bgsvc_gen.output.folder import Folder, inspect
from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import build_spec
from bgsvc_gen.spec.source import Source
from bgsvc_gen.targets import TARGETS

DEFAULT_OUT: Final = Path("native/bgsvc")
"""Where generated files go, beside the spec."""

DESKTOP: Final = ("linux", "macos", "windows")
"""The targets that the word `desktop` means."""

TARGET_NAMES: Final = tuple(target.NAME for target in TARGETS)
"""Every target, in the order of the table."""


def inspect_project(
    source: Source,
    out: Path | None = None,
    names: Collection[str] = TARGET_NAMES,
    *,
    force: bool = False,
) -> Folder:
    """Return the output folder of the project, held against its spec.

    Args:
        source: The spec.
        out: The folder; `native/bgsvc` beside the spec unless given.
        names: The targets to look at.
        force: Take a damaged lock for none, and an orphan that was edited for the tool's own.

    Raises:
        SpecError: The spec is wrong.
        OutputError: The folder cannot be looked at.
    """
    targets = [target for target in TARGETS if target.NAME in names]
    root = out if out is not None else source.path.parent / DEFAULT_OUT
    spec = build_spec(source)
    return inspect(generate(spec, targets), root, names, app=spec.app.id, force=force)
