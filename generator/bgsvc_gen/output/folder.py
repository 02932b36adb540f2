"""What stands in the output folder, held against what the spec yields."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import OutputError
from bgsvc_gen.output.atomic import TEMPORARY_SUFFIX
from bgsvc_gen.output.lock import LOCK_NAME, Lock, digest, read_lock
from bgsvc_gen.render import GeneratedFile

IGNORED: Final = frozenset({"__pycache__", ".DS_Store"})
"""What other programs leave in any folder."""


class Kind(Enum):
    """How a file differs from what the spec yields."""

    STALE = "stale"
    HAND_EDITED = "hand-edited"
    MISSING = "missing"
    ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that is not what the spec yields.

    Attributes:
        path: Its path in the output folder.
        kind: How it differs.
        found: What it holds now; empty where it is missing.
        wanted: What it should hold; empty where it should not be.
    """

    path: str
    kind: Kind
    found: bytes = b""
    wanted: bytes = b""


@dataclass(frozen=True, slots=True)
class Folder:
    """An output folder as it was found.

    Attributes:
        root: The folder; it need not exist.
        scopes: Names of the target folders in it that are looked at; the others are left alone.
        lock: What the tool last wrote there.
        wanted: Path → content, as the spec yields it.
        drifts: Where the two differ, in the order of paths.
    """

    root: Path
    scopes: frozenset[str]
    lock: Lock
    wanted: dict[str, bytes]
    drifts: tuple[Drift, ...]

    def next_lock(self) -> Lock:
        """Return the lock that belongs to the folder once it is up to date."""
        written = {path: digest(content) for path, content in self.wanted.items()}
        return Lock(self._elsewhere(self.lock.files) | written, self._elsewhere(self.lock.pending))

    def _elsewhere(self, digests: Mapping[str, str]) -> dict[str, str]:
        return {path: sha for path, sha in digests.items() if _scope(path) not in self.scopes}


def inspect(files: Iterable[GeneratedFile], root: Path, scopes: Iterable[str]) -> Folder:
    """Return what stands in `root`, held against `files`.

    Raises:
        OutputError: The folder or something in it is a symbolic link, or cannot be read.
    """
    wanted = {file.path.as_posix(): file.content for file in files}
    scopes = frozenset(scopes)
    refuse_links(root, [*wanted, LOCK_NAME])
    lock = read_lock(root)
    drifts = [*_differing(wanted, root, lock), *_unwanted(wanted, root, scopes)]
    drifts.sort(key=lambda drift: drift.path)
    folder = Folder(root, scopes, lock, wanted, tuple(drifts))
    if drifts or folder.next_lock() == lock:
        return folder
    kind = Kind.STALE if lock.files else Kind.MISSING
    return replace(folder, drifts=(Drift(LOCK_NAME, kind),))


def refuse_links(root: Path, names: Iterable[str]) -> None:
    """Make sure that writing `names` under `root` stays under `root`.

    Raises:
        OutputError: A symbolic link, or a file in a folder's place, stands in the way.
    """
    paths = [root / name for name in names]
    inner = {folder for path in paths for folder in path.parents if root in folder.parents}
    for folder in sorted({root, *inner}):
        if folder.is_symlink():
            hint = "replace the link by a folder, or name another with --out"
            raise OutputError(f"{folder} is a symbolic link", hint)
        if folder.exists() and not folder.is_dir():
            hint = "move it away, or name another with --out"
            raise OutputError(f"{folder} is not a folder", hint)
    for path in paths:
        if path.is_symlink():
            raise OutputError(f"{path} is a symbolic link", "remove the link and run again")
        if path.is_dir():
            raise OutputError(f"{path} is a folder where a file belongs", "move it away")


def _differing(wanted: dict[str, bytes], root: Path, lock: Lock) -> Iterator[Drift]:
    for path, content in wanted.items():
        found = _read(root / path)
        if found is None:
            yield Drift(path, Kind.MISSING, wanted=content)
        elif found != content:
            kind = Kind.STALE if lock.wrote(path, found) else Kind.HAND_EDITED
            yield Drift(path, kind, found, content)


def _unwanted(wanted: dict[str, bytes], root: Path, scopes: frozenset[str]) -> Iterator[Drift]:
    """Yield files in the targets' folders that the spec does not yield: whoever wrote them."""
    for scope in sorted(scopes):
        for folder, names, files in os.walk(root / scope):
            names[:] = [name for name in names if name not in IGNORED]
            for name in files:
                path = (Path(folder) / name).relative_to(root).as_posix()
                ours = name in IGNORED or name.endswith(TEMPORARY_SUFFIX)
                if path not in wanted and not ours:
                    yield Drift(path, Kind.ORPHAN, _read(root / path) or b"")


def _scope(path: str) -> str:
    return path.partition("/")[0]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
