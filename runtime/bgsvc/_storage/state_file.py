"""Keeps each service's state in one file that is whole at every instant.

A write goes to a temporary file, is synced, renamed over the old one, and the folder is synced:
whoever kills us, and whenever, the file is the old one or the new one. A lock beside it, which
the kernel drops with the process that holds it, keeps two processes from losing each other's
changes.
"""

from __future__ import annotations

import os

from bgsvc._lite.dataclasses import replace
from bgsvc._lite.guards import is_object
from bgsvc._lite.json import decode, encode
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import (
    BackgroundServiceError,
    StateDamagedError,
    StateNotSavedError,
    StateTooNewError,
)
from bgsvc._model.snapshot import VERSION, RunRecord, ServiceSnapshot, snapshot_from_wire
from bgsvc._storage.locks import FileLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class StateFile:
    """One service's state on disk."""

    def __init__(self, folder: str, service: str) -> None:
        self._folder = folder
        self._service = service
        self._path = os.path.join(folder, f"{service}.json")
        self._process = os.getpid()
        self._lock_path = os.path.join(folder, f"{service}.lock")

    def load(self) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
        """Return what is on disk, and the problem if the file had to be set aside.

        A good file is read without the lock, for it is whole at every instant; but Windows lets
        nobody replace a file that is being read.
        """
        if os.name != "nt":
            try:
                return self._decode(), None
            except ValueError:
                pass  # setting it aside takes the lock
        with FileLock(self._lock_path, self._folder):
            return self._read()

    def peek(self) -> ServiceSnapshot:
        """Return what is on disk without touching anything; a bad file reads as nothing."""
        try:
            return self._decode()
        except (OSError, ValueError):
            return ServiceSnapshot()

    def problems(self) -> list[BackgroundServiceError]:
        """Return what is wrong with the file, and which were set aside; touch nothing."""
        problems: list[BackgroundServiceError] = []
        try:
            self._decode()
        except _TooNewError as error:
            problems.append(StateTooNewError(f"{self._path} has version {error}"))
        except ValueError:
            problems.append(StateDamagedError(f"{self._path} is damaged"))
        except OSError as error:
            problems.append(BackgroundServiceError(str(error), code="stateUnreadable"))
        for why, kind in (("damaged", StateDamagedError), ("newer", StateTooNewError)):
            kept = f"{os.path.basename(self._path)}.{why}-"
            names = os.listdir(self._folder) if os.path.isdir(self._folder) else []
            problems += [
                kind(f"{os.path.join(self._folder, name)} was set aside")
                for name in sorted(names)
                if name.startswith(kept)
            ]
        return problems

    def update(
        self, change: Callable[[ServiceSnapshot], ServiceSnapshot]
    ) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
        """Replace what is on disk by `change` of it; nobody else writes in between.

        Returns what is there now, and the problem if the file before had to be set aside.

        A forked child writes nothing: the service is its parent's.

        Raises:
            StateNotSavedError: If the disk would not take it; the old file is untouched.
        """
        if os.getpid() != self._process:
            return change(self.peek()), None
        problem = None
        try:
            with FileLock(self._lock_path, self._folder):
                before, problem = self._read()
                after = change(before)
                if after != before:
                    write_atomically(self._path, _encoded(after.to_wire(self._service)))
        except OSError as error:
            before_that = "" if problem is None else f"; before that, {problem}"
            text = f"cannot write {self._path}: {error}{before_that}"
            raise StateNotSavedError(text) from error
        return after, problem

    def _decode(self) -> ServiceSnapshot:
        try:
            with open(self._path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return ServiceSnapshot()
        return _decoded(content)

    def _read(self) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
        try:
            return self._decode(), None
        except _TooNewError as error:
            kept = self._set_aside("newer")
            text = f"{self._path} has version {error}, this runtime reads {VERSION}; kept as {kept}"
            return ServiceSnapshot(), StateTooNewError(text)
        except ValueError:
            kept = self._set_aside("damaged")
            return ServiceSnapshot(), StateDamagedError(f"{self._path} is damaged; kept as {kept}")

    def _set_aside(self, why: str) -> str:
        """Rename the file to a name of its own, so that nothing is ever lost."""
        for number in range(1, 1000):
            kept = f"{self._path}.{why}-{number}"
            if not os.path.exists(kept):
                os.replace(self._path, kept)
                sync_folder(self._folder)
                return kept
        os.remove(self._path)
        return "nothing: there are too many already"


def write_atomically(path: str, content: bytes) -> None:
    """Make `content` the whole of the file at `path`, or leave the file as it is."""
    temporary = f"{path}.tmp"  # one name will do: our lock is held
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
    try:
        try:
            _give_to_owner(descriptor, os.path.dirname(path))
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise
    sync_folder(os.path.dirname(path))


def _give_to_owner(descriptor: int, folder: str) -> None:
    """Let a file that root writes into a service's folder be the service's own to read."""
    if os.name != "nt" and os.geteuid() == 0:
        owner = os.stat(folder)
        if owner.st_uid != 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: str) -> None:
    """Make a rename in `folder` outlast a power cut, where the system has a way to."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def with_lost_run(saved: ServiceSnapshot) -> ServiceSnapshot:
    """Return `saved` with a run its process did not live to end moved into the history."""
    if saved.current is None:
        return saved
    number, start_reason, started = saved.current
    lost = RunRecord(number, start_reason, started, None, StopReason.PROCESS_EXIT)
    return replace(saved, current=None, history=(*saved.history, lost))


class _TooNewError(ValueError):
    """The file has a version of the future."""


_BINARY = getattr(os, "O_BINARY", 0)


def _encoded(fields: dict[str, object]) -> bytes:
    return encode(fields).encode()


def _decoded(content: bytes) -> ServiceSnapshot:
    fields = decode(content)
    if not is_object(fields):
        raise ValueError("not an object")
    version = fields.get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError("version")
    if version > VERSION:
        raise _TooNewError(version)
    return snapshot_from_wire(fields)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        return
