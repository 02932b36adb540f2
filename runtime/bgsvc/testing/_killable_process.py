"""A process that a test can kill: from then on it writes nothing."""

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
    """A state file that writes until its process is killed."""

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
    """A host that knows the state files of the process that is alive."""

    def __init__(self) -> None:
        self._state_files: list[KillableStateFile] = []

    def track(self, state_file: KillableStateFile) -> KillableStateFile:
        """Record a state file of the process."""
        self._state_files.append(state_file)
        return state_file

    def stop_writing(self) -> None:
        """Let the recorded files write nothing any more."""
        for state_file in self._state_files:
            state_file.stop_writing()
        self._state_files.clear()


class KillablePorts(Ports):
    """Ports whose writes end when the process dies."""

    def state_file(self, service: str) -> StateFile:
        """Return the state file of `service`."""
        state_file = KillableStateFile(self.state_dir, service)
        return self.host.track(state_file) if isinstance(self.host, KillableHost) else state_file
