"""A project on disk: its spec and its output folder."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bgsvc_gen.output.folder import Folder, inspect
from bgsvc_gen.pipeline import generate, scopes_of
from bgsvc_gen.spec.load import build_spec
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.spec.source import Source, find_source, read_source
from bgsvc_gen.targets import TARGETS

DEFAULT_OUT: Final = Path("native/bgsvc")
"""Default output folder, relative to the spec's folder."""

DESKTOP: Final = ("linux", "macos", "windows")
"""The targets that `desktop` stands for."""

TARGET_NAMES: Final = tuple(target.NAME for target in TARGETS)
"""Every target, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Project:
    """A spec that has been read and checked once; commands pass it on instead of a path.

    Attributes:
        source: The spec's text and TOML tree.
        spec: The checked spec that `source` holds.
    """

    source: Source
    spec: Spec

    def output_folder(self, out: Path | None) -> Path:
        """Return `out`, or the default output folder beside the spec."""
        return out if out is not None else self.source.path.parent / DEFAULT_OUT


def read_project(spec_path: Path | None = None) -> Project:
    """Return the project whose spec is at `spec_path`, or in the current folder.

    Raises:
        UsageError: No path was given, and the current folder has no spec.
        SpecError: The spec is wrong.
    """
    return build_project(find_project_source(spec_path))


def find_project_source(spec_path: Path | None) -> Source:
    """Return the spec at `spec_path`, or that of the current folder, parsed but not checked.

    Raises:
        UsageError: No path was given, and the current folder has no spec.
        SpecError: The spec cannot be read, is not UTF-8, or is not TOML.
    """
    return find_source(Path()) if spec_path is None else read_source(spec_path)


def build_project(source: Source) -> Project:
    """Return the project whose spec `source` holds.

    Raises:
        SpecError: The spec is wrong.
    """
    return Project(source, build_spec(source))


def inspect_project(
    project: Project,
    out: Path | None = None,
    names: Collection[str] = TARGET_NAMES,
    *,
    force: bool = False,
) -> Folder:
    """Return the project's output folder, compared with what the spec generates.

    Args:
        project: The project.
        out: The folder; `native/bgsvc` beside the spec unless given.
        names: The targets to compare.
        force: Ignore a damaged lock, and treat a hand-edited orphan as the tool's own file.

    Raises:
        UnquotableError: A target's language cannot express a text of the spec.
        OutputError: The folder cannot be read.
    """
    targets = [target for target in TARGETS if target.NAME in names]
    files = generate(project.spec, targets)
    scopes = scopes_of(project.spec, targets)
    root = project.output_folder(out)
    return inspect(files, root, scopes, app=project.spec.app.id, force=force)
