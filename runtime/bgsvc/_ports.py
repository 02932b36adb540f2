"""Everything a supervisor needs from the world, in one record."""

from __future__ import annotations

import os

from bgsvc._record import record
from bgsvc._store import StateFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._clock import Clock
    from bgsvc._events import Bus
    from bgsvc._host import Host


@record(frozen=True)
class Ports:
    """The world as one runtime sees it.

    Attributes:
        clock: The time it lives by.
        host: The process or app it lives in.
        bus: Where events go.
        data_dir: The folder for everything that is kept.
        jitter: Returns a number from 0 to 1, to spread restarts.
        language: The user's language, such as `de` or `de_DE`; None if unknown.
    """

    clock: Clock
    host: Host
    bus: Bus
    data_dir: str
    jitter: Callable[[], float]
    language: str | None = None

    def keeper(self, service: str) -> StateFile:
        """Return where the state of `service` is kept."""
        return StateFile(self.state_dir, service)

    @property
    def state_dir(self) -> str:
        """The folder of the runtime's own files."""
        return os.path.join(self.data_dir, "bgsvc")

    def data_dir_of(self, service: str) -> str:
        """Return the folder that belongs to `service` itself."""
        return os.path.join(self.data_dir, "services", service)
