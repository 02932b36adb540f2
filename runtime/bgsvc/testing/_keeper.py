"""A state file whose writer can die."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bgsvc._state import Saved
from bgsvc._store import StateFile

if TYPE_CHECKING:
    from collections.abc import Callable


class MortalKeeper(StateFile):
    """Writes like the real one until its process is killed; then it writes nothing."""

    def __init__(self, folder: str, service: str) -> None:
        super().__init__(folder, service)
        self._dead = False

    def die(self) -> None:
        """Write nothing any more."""
        self._dead = True

    def update(self, change: Callable[[Saved], Saved]) -> Saved:
        """Replace what is on disk, unless the process is dead."""
        return change(Saved()) if self._dead else super().update(change)
