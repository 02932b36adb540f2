"""Everything outside the engine that a supervisor uses, in one record."""

from __future__ import annotations

import os
import threading

from bgsvc._lite.dataclasses import dataclass
from bgsvc._ports.clock import SystemClock
from bgsvc._storage.folders import state_dir_in
from bgsvc._storage.state_file import StateFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._events.bus import Bus
    from bgsvc._ports.clock import Clock
    from bgsvc._ports.host import Host
    from bgsvc._storage.quota import QuotaTracker


@dataclass(frozen=True)
class Ports:
    """What one runtime uses.

    Attributes:
        clock: Its time.
        host: The process or app that it is part of.
        bus: Delivers events.
        data_dir: The folder for everything that is saved.
        quota_tracker: Returns the counter of the platform's time budgets.
        jitter: Returns a number from 0 to 1, to spread restarts.
        language: The user's language, such as `de` or `de_DE`; None if unknown.
    """

    clock: Clock
    host: Host
    bus: Bus
    data_dir: str
    quota_tracker: Callable[[], QuotaTracker]
    jitter: Callable[[], float]
    language: str | None = None

    def state_file(self, service: str) -> StateFile:
        """Return the state file of `service`."""
        return StateFile(self.state_dir, service)

    @property
    def state_dir(self) -> str:
        """The folder of the runtime's own files."""
        return state_dir_in(self.data_dir)

    def data_dir_of(self, service: str) -> str:
        """Return the folder that belongs to `service` itself."""
        return os.path.join(self.data_dir, "services", service)


def real_ports(host: Host, bus: Bus, data_dir: str) -> Ports:
    """Return the real ports: this machine's time, this user's language."""
    clock = SystemClock()
    return Ports(
        clock=clock,
        host=host,
        bus=bus,
        data_dir=data_dir,
        quota_tracker=_make_once(lambda: _new_quota_tracker(clock, data_dir)),
        jitter=_jitter,
        language=_language(),
    )


def _new_quota_tracker(clock: Clock, data_dir: str) -> QuotaTracker:
    from bgsvc._storage.quota import QuotaTracker, boot_id

    return QuotaTracker(clock, state_dir_in(data_dir), boot_id())


def _make_once(make: Callable[[], QuotaTracker]) -> Callable[[], QuotaTracker]:
    """Return a function that makes the tracker in its first call; most services need none."""
    trackers: list[QuotaTracker] = []
    lock = threading.Lock()

    def get_tracker() -> QuotaTracker:
        with lock:
            if not trackers:
                trackers.append(make())
            return trackers[0]

    return get_tracker


def _jitter() -> float:
    import random

    return random.random()  # noqa: S311 - it spreads restarts, it guards nothing


def _language() -> str | None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "").partition(".")[0]
        if value and value not in {"C", "POSIX"}:
            return value
    return None
