"""Bringing an output folder up to date, whole."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from bgsvc_gen.errors import HandEditedError, OutputError
from bgsvc_gen.output.atomic import TEMPORARY_SUFFIX, replace_file
from bgsvc_gen.output.folder import Drift, Folder, Kind
from bgsvc_gen.output.lock import LOCK_NAME, Lock, digest

_BY_EFFECTIVE_USER: Final = os.access in os.supports_effective_ids


def refuse_hand_edited(folder: Folder) -> None:
    """Make sure that bringing `folder` up to date loses nobody's work.

    Raises:
        HandEditedError: Some files were changed by hand, or were never the tool's.
    """
    edited = [drift.path for drift in folder.drifts if drift.kind is Kind.HAND_EDITED]
    if edited:
        listed = "\n".join(f"  {folder.root / path}" for path in edited)
        hint = "move your change into the spec or your own code, or overwrite it with --force"
        raise HandEditedError(f"changed by hand, nothing was written:\n{listed}", hint)


def bring_up_to_date(folder: Folder) -> list[Drift]:
    """Write what differs, delete what the tool wrote and no longer yields; return what was done.

    Files that are right already are not touched. Each file is replaced whole, and the lock names
    the new ones before the first is written: a run that dies half-way is finished by the next one.

    Raises:
        OutputError: A file cannot be written.
    """
    changes = [drift for drift in folder.drifts if _is_ours(drift, folder.lock)]
    refuse_unwritable([folder.root / LOCK_NAME, *(folder.root / d.path for d in changes)])
    try:
        if changes:
            _apply(changes, folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        place = error.filename or folder.root
        hint = "make the folder writable, or name another with --out"
        raise OutputError(f"cannot write {_final_name(place)}: {reason}", hint) from None
    return changes


def refuse_unwritable(paths: Iterable[Path]) -> None:
    """Make sure, before the first file is touched, that each of `paths` can be replaced.

    Raises:
        OutputError: The nearest folder that exists above one of them cannot be written.
    """
    for folder in sorted({_nearest_folder(path) for path in paths}):
        if not os.access(folder, os.W_OK | os.X_OK, effective_ids=_BY_EFFECTIVE_USER):
            hint = "make the folder writable, or name another with --out"
            raise OutputError(f"cannot write in {folder}: permission denied", hint)


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.exists())


def _is_ours(drift: Drift, lock: Lock) -> bool:
    return drift.kind is not Kind.ORPHAN or lock.wrote(drift.path, drift.found)


def _apply(changes: Iterable[Drift], folder: Folder) -> None:
    root = folder.root
    writes = {d.path: d.wanted for d in changes if d.path in folder.wanted}
    pending = {path: digest(content) for path, content in writes.items()}
    announced = Lock(folder.lock.files, {**folder.lock.pending, **pending})
    _write_lock(announced, root)
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


def _final_name(place: object) -> str:
    """Return the name a user knows, for a file that was still being written."""
    path = Path(str(place))
    if path.name.endswith(TEMPORARY_SUFFIX):
        return str(path.with_name(path.name[1:].removesuffix(TEMPORARY_SUFFIX)))
    return str(path)
