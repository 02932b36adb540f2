"""Updating an output folder."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import HandEditedError, OutputError
from bgsvc_gen.output.atomic import final_name, replace_file
from bgsvc_gen.output.folder import UNSAFE_TO_OVERWRITE, Drift, Folder, Kind
from bgsvc_gen.output.lock import LOCK_NAME, Lock, digest

_BY_EFFECTIVE_USER: Final = os.access in os.supports_effective_ids


def refuse_hand_edited(folder: Folder) -> None:
    """Refuse an update of `folder` that would lose somebody's work.

    Raises:
        HandEditedError: Some files were changed by hand, or were never the tool's.
    """
    ways_out = {
        Kind.HAND_EDITED: (
            "these generated files were edited by hand",
            "move your edits into the spec or your own code, or overwrite them with --force",
        ),
        Kind.IN_THE_WAY: (
            "these files were not written by bgsvc-gen and are in its way",
            "move them away, or overwrite them with --force",
        ),
    }
    for kind, (problem, hint) in ways_out.items():
        paths = [drift.path for drift in folder.drifts if drift.kind is kind]
        if paths:
            listed = "\n".join(f"  {folder.root / path}" for path in paths)
            raise HandEditedError(f"{problem}; nothing was written:\n{listed}", hint)


def refuse_another_app(folder: Folder) -> None:
    """Refuse a `folder` with the files of another app, which an update would delete.

    Raises:
        OutputError: It does.
    """
    before = folder.lock.app
    if before not in (None, folder.app):
        hint = "name a folder for this app with --out; if the app was renamed, add --force"
        raise OutputError(f"{folder.root} holds the files of another app, {before}", hint)


def refuse_unwritable(folder: Folder, *others: Path) -> None:
    """Refuse an update in which a changed file cannot be replaced.

    Raises:
        OutputError: The nearest folder that exists above a file of `folder` that is to change,
            or above one of `others`, cannot be written.
    """
    changing = [folder.root / drift.path for drift in _changes(folder)]
    if changing:
        changing.append(folder.root / LOCK_NAME)
    for place in sorted({_nearest_folder(path) for path in (*changing, *others)}):
        if not os.access(place, os.W_OK | os.X_OK, effective_ids=_BY_EFFECTIVE_USER):
            hint = "make the folder writable, or name another with --out"
            raise OutputError(f"cannot write in {place}: permission denied", hint)


def bring_up_to_date(folder: Folder) -> list[Drift]:
    """Write changed files, delete orphans of the tool, and return these changes.

    Unchanged files keep their modification time. Each file is replaced atomically, and the lock
    lists the new ones before the first write, so that the next run completes an interrupted one.

    Raises:
        OutputError: A file cannot be written.
    """
    refuse_unwritable(folder)
    changes = _changes(folder)
    try:
        if changes:
            _apply(changes, folder)
    except OSError as error:
        raise as_output_error(error, folder.root) from None
    return changes


def as_output_error(error: OSError, place: Path) -> OutputError:
    """Return the error for a failed write in or at `place`."""
    reason = (error.strerror or str(error)).lower()
    hint = "make the folder writable, or name another with --out"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some space and run again; the next run finishes what this one started"
    return OutputError(f"cannot write {final_name(error.filename or place)}: {reason}", hint)


def _changes(folder: Folder) -> list[Drift]:
    """Return the drifts that an update resolves, including files in its way."""
    return [drift for drift in folder.drifts if drift.ours or drift.kind in UNSAFE_TO_OVERWRITE]


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.exists())


def _apply(changes: Iterable[Drift], folder: Folder) -> None:
    root = folder.root
    writes = {drift.path: drift.expected for drift in changes if drift.path in folder.expected}
    # Until the final lock is written, a file may have its old or its new content.
    known = {drift.path: digest(drift.actual) for drift in changes if drift.actual}
    pending = {path: digest(content) for path, content in writes.items()}
    files = {**folder.lock.files, **known}
    announced = Lock(files, {**folder.lock.pending, **pending}, folder.app)
    _write_lock(announced, root)
    for leftover in folder.leftovers:
        leftover.unlink(missing_ok=True)
    for path, content in writes.items():
        replace_file(root / path, content)
    for change in changes:
        if change.kind is Kind.ORPHAN:
            _delete(root / change.path, root)
    _write_lock(folder.next_lock(), root)


def _write_lock(lock: Lock, root: Path) -> None:
    replace_file(root / LOCK_NAME, lock.text().encode())


def _delete(path: Path, root: Path) -> None:
    """Delete `path`, and the folders that it leaves empty."""
    path.unlink()
    for folder in path.parents:
        if folder == root or any(folder.iterdir()):
            break
        folder.rmdir()
