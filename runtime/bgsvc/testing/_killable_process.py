"""A process that can die: what it has not written by then, it never will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bgsvc._engine.ports import Ports
from bgsvc._model.snapshot import ServiceSnapshot
from bgsvc._ports.host import Host
from bgsvc._storage.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._model.errors import BackgroundServiceError


class KillableStateFile(StateFile):
    """Writes like the real one until its process is killed; then it writes nothing."""

    def __init__(self, folder: str, service: str) -> None:
        super().__init__(folder, service)
        self._is_dead = False

    def stop_writing(self) -> None:
        """Write nothing any more."""
        self._is_dead = True

    def update(
        self, change: Callable[[ServiceSnapshot], ServiceSnapshot]
    ) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
        """Replace what is on disk, unless the process is dead."""
        return (change(ServiceSnapshot()), None) if self._is_dead else super().update(change)


class KillableHost(Host):
    """A host that knows who writes for the process that lives now."""

    def __init__(self) -> None:
        self._state_files: list[KillableStateFile] = []

    def track(self, state_file: KillableStateFile) -> KillableStateFile:
        """Remember somebody who writes."""
        self._state_files.append(state_file)
        return state_file

    def stop_writing(self) -> None:
        """Let all of them write nothing any more."""
        for state_file in self._state_files:
            state_file.stop_writing()
        self._state_files.clear()


class KillablePorts(Ports):
    """Ports whose writes end when the process dies."""

    def state_file(self, service: str) -> StateFile:
        """Return where the state of `service` is kept."""
        state_file = KillableStateFile(self.state_dir, service)
        return self.host.track(state_file) if isinstance(self.host, KillableHost) else state_file
