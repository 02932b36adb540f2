"""Comparing the output folder with what the spec generates."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import OutputError
from bgsvc_gen.output.atomic import TEMPORARY_SUFFIX
from bgsvc_gen.output.lock import LOCK_NAME, Lock, digest, read_lock
from bgsvc_gen.render import GeneratedFile

IGNORED: Final = frozenset({"__pycache__", ".DS_Store", ".gitkeep", "Thumbs.db", "desktop.ini"})
"""Names of files and folders that other programs create anywhere."""


class Kind(Enum):
    """How a file differs from what the spec generates."""

    STALE = "stale"
    HAND_EDITED = "hand-edited"
    MISSING = "missing"
    ORPHAN = "orphan"
    FOREIGN = "foreign"
    IN_THE_WAY = "in-the-way"


UNSAFE_TO_OVERWRITE: Final = frozenset({Kind.HAND_EDITED, Kind.IN_THE_WAY})
"""Kinds of drift in which writing would lose somebody's work."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One file that does not match the spec.

    Attributes:
        path: Its path in the output folder.
        kind: How it differs.
        actual: Its current content; empty if it is missing or foreign.
        expected: Its expected content; empty if the file should not exist.
        ours: Whether the tool may change it without losing somebody's work.
    """

    path: str
    kind: Kind
    actual: bytes = b""
    expected: bytes = b""
    ours: bool = True


@dataclass(frozen=True, slots=True)
class Folder:
    """An output folder, compared with what the spec generates.

    Attributes:
        root: The folder; it need not exist.
        scopes: Names of the target folders that are compared; others are ignored.
        lock: What the tool last wrote there.
        expected: Path → content that the spec generates.
        drifts: The differences, sorted by path.
        leftovers: Temporary files that an interrupted run left behind.
        app: The identifier of the app whose spec this is.
    """

    root: Path
    scopes: frozenset[str]
    lock: Lock
    expected: dict[str, bytes]
    drifts: tuple[Drift, ...]
    leftovers: tuple[Path, ...] = ()
    app: str | None = None

    def next_lock(self) -> Lock:
        """Return the lock that belongs to the folder once it is up to date."""
        written = {path: digest(content) for path, content in self.expected.items()}
        files = self._keep_digests(self.lock.files) | written
        return Lock(files, self._keep_digests(self.lock.pending), self.app if files else None)

    def _keep_digests(self, digests: Mapping[str, str]) -> dict[str, str]:
        """Return the digests to keep: those of other targets and of hand-edited orphans."""
        edited = {
            drift.path for drift in self.drifts if drift.kind is Kind.ORPHAN and not drift.ours
        }
        return {
            path: sha
            for path, sha in digests.items()
            if path.partition("/")[0] not in self.scopes or path in edited
        }


def inspect(
    files: Iterable[GeneratedFile],
    root: Path,
    scopes: Iterable[str],
    *,
    app: str | None = None,
    force: bool = False,
) -> Folder:
    """Compare `root` with `files`.

    Args:
        files: The files that the spec generates for the targets in `scopes`.
        root: The output folder.
        scopes: Names of the targets whose folders are compared.
        app: The identifier of the app whose spec this is.
        force: Ignore a damaged lock, and treat a hand-edited orphan as the tool's own file.

    Raises:
        OutputError: The folder or something in it is a symbolic link, or cannot be read.
    """
    expected = {file.path.as_posix(): file.content for file in files}
    scopes = frozenset(scopes)
    refuse_links(root, [*expected, LOCK_NAME, *(f"{scope}/" for scope in scopes)])
    lock = read_lock(root, forgiving=force)
    present = list(_list_files(root, scopes))
    drifts = [
        *_find_differences(expected, root, lock),
        *_find_unexpected(expected, root, present, lock, force=force),
    ]
    drifts.sort(key=lambda drift: drift.path)
    leftovers = tuple(root / path for path in present if path.endswith(TEMPORARY_SUFFIX))
    folder = Folder(root, scopes, lock, expected, tuple(drifts), leftovers, app)
    if drifts or folder.next_lock() == lock:
        return folder
    kind = Kind.STALE if lock.files else Kind.MISSING
    return replace(folder, drifts=(Drift(LOCK_NAME, kind),))


def refuse_links(root: Path, names: Iterable[str]) -> None:
    """Refuse symbolic links that lead writes outside `root`; `name/` stands for a folder.

    Raises:
        OutputError: A symbolic link, or a file in a folder's place, stands in the way.
    """
    names = list(names)
    paths = [root / name for name in names if not name.endswith("/")]
    inner = {folder for path in paths for folder in path.parents if root in folder.parents}
    inner |= {root / name for name in names if name.endswith("/")}
    for parent in root.parents:
        if parent.exists() and not parent.is_dir():
            hint = "move it away, or name another folder with --out"
            raise OutputError(f"{parent} is not a folder", hint)
    for folder in sorted({root, *inner}):
        if folder.is_symlink():
            hint = "replace the link with a folder, or name another folder with --out"
            raise OutputError(f"{folder} is a symbolic link", hint)
        if folder.exists() and not folder.is_dir():
            hint = "move it away, or name another folder with --out"
            raise OutputError(f"{folder} is not a folder", hint)
    for path in paths:
        if path.is_symlink():
            raise OutputError(f"{path} is a symbolic link", "remove the link, then run again")
        if path.is_dir():
            raise OutputError(
                f"{path} is a folder where a file belongs", "move it away, then run again"
            )


def _list_files(root: Path, scopes: frozenset[str]) -> Iterator[str]:
    """Yield the path of each file and link in the targets' folders."""
    for scope in sorted(scopes):
        for folder, names, files in os.walk(root / scope, onerror=_refuse_unreadable):
            links = [name for name in names if (Path(folder) / name).is_symlink()]
            names[:] = [name for name in names if name not in IGNORED]
            for name in [*files, *links]:
                if name not in IGNORED:
                    yield (Path(folder) / name).relative_to(root).as_posix()


def _refuse_unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise OutputError(f"cannot read {error.filename}: {(error.strerror or '').lower()}")


def _find_differences(expected: dict[str, bytes], root: Path, lock: Lock) -> Iterator[Drift]:
    for path, content in expected.items():
        actual = _read_file(root / path)
        if actual is None:
            yield Drift(path, Kind.MISSING, expected=content)
        elif actual != content:
            ours = lock.wrote(path, actual)
            edited = Kind.HAND_EDITED if lock.knows(path) else Kind.IN_THE_WAY
            yield Drift(path, Kind.STALE if ours else edited, actual, content, ours)


def _find_unexpected(
    expected: dict[str, bytes], root: Path, present: Iterable[str], lock: Lock, *, force: bool
) -> Iterator[Drift]:
    """Yield the files in the targets' folders that the spec does not generate."""
    for path in present:
        if path in expected or path.endswith(TEMPORARY_SUFFIX):
            continue
        if not lock.knows(path):  # not read, because it may be anything, even a pipe
            yield Drift(path, Kind.FOREIGN, ours=False)
            continue
        actual = _read_file(root / path) or b""
        yield Drift(path, Kind.ORPHAN, actual, ours=force or lock.wrote(path, actual))


def _read_file(path: Path) -> bytes | None:
    """Return the content of the regular file at `path`; `None` if nothing exists there."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OutputError(f"{path} is not a regular file", "move it away, then run again")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
