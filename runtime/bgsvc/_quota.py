"""The time budgets Android gives to some kinds of service, and what is left of them.

The system meters by uptime, which stands still in deep sleep, and lets a window of 24 hours
pass by elapsed time, which does not. It begins to count anew when the user brings the app to
the front, when the window has passed, and when the device restarts. The counts are shared by
all services of the same type, and kept on disk, for the system's survive our process.
"""

from __future__ import annotations

import os
import threading

from bgsvc._errors import QuotaExhaustedError
from bgsvc._json import decode, encode
from bgsvc._kinds import is_number, is_object
from bgsvc._record import record
from bgsvc._store import write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bgsvc._clock import Clock

HOUR = 3600.0


@record(frozen=True)
class Budget:
    """What the platform grants one type of service.

    Attributes:
        kind: The type.
        limit: Seconds of running.
        window: Seconds over which they are counted; None if each run has its own.
        api_level: The Android version that brought it.
    """

    kind: str
    limit: float
    window: float | None
    api_level: int


BUDGETS = (
    Budget("dataSync", 6 * HOUR, 24 * HOUR, 35),
    Budget("mediaProcessing", 6 * HOUR, 24 * HOUR, 35),
    Budget("shortService", 180.0, None, 34),
)


def budgets_of(types: Sequence[str], api_level: int | None, target_sdk: int | None) -> list[Budget]:
    """Return the budgets a service of `types` lives under.

    An unknown version counts as the newest. `shortService` together with another type is no
    short service to the system, and has no budget.
    """
    found: list[Budget] = []
    for budget in BUDGETS:
        if budget.kind not in types or (api_level or 1000) < budget.api_level:
            continue
        if budget.window is None and len(types) > 1:
            continue
        if budget.window is not None and (target_sdk or 1000) < budget.api_level:
            continue
        found.append(budget)
    return found


class _Count:
    """What was used of one windowed budget."""

    def __init__(self, used: float, window_began: float | None) -> None:
        self.used = used
        self.window_began = window_began  # elapsed time
        self.running = 0
        self.counted_to = 0.0  # uptime


class Ledger:
    """Counts what is used of every budget, over all services and processes of an app."""

    def __init__(self, clock: Clock, folder: str, boot: str) -> None:
        self._clock = clock
        self._path = os.path.join(folder, "quota.json")
        self._boot = boot
        self._lock = threading.Lock()
        self._counts: dict[str, _Count] | None = None
        self._in_front = False

    def begin(self, budget: Budget) -> float | None:
        """Count a run that begins; return the seconds it has, None while the app is in front.

        Raises:
            QuotaExhaustedError: If nothing is left.
        """
        if budget.window is None:
            return budget.limit
        with self._lock:
            count = self._count(budget)
            left = self._left(budget, count)
            if left <= 0:
                raise QuotaExhaustedError(
                    f"the {budget.limit / HOUR:g} hours of {budget.kind} are used up"
                )
            if count.window_began is None:
                count.window_began = self._clock.elapsed()
            count.running += 1
            self._save()
            return None if self._in_front else left

    def end(self, budget: Budget) -> None:
        """Count a run that ended."""
        if budget.window is None:
            return
        with self._lock:
            count = self._count(budget)
            self._left(budget, count)
            count.running -= 1
            self._save()

    def checkpoint(self) -> None:
        """Write the counts down, in case this process does not live to do it later."""
        with self._lock:
            for budget in BUDGETS:
                if budget.window is not None:
                    self._left(budget, self._count(budget))
            self._save()

    def left(self, budget: Budget) -> float | None:
        """Return the seconds left now; None while the app is in front and nothing counts."""
        if budget.window is None:
            return budget.limit
        with self._lock:
            return None if self._in_front else self._left(budget, self._count(budget))

    def app_moved(self, *, in_front: bool) -> None:
        """Learn that the app came to the front, which begins every count anew, or left it."""
        with self._lock:
            self._in_front = in_front
            for budget in BUDGETS:
                if budget.window is not None:
                    count = self._count(budget)
                    self._renew(count)
                    count.counted_to = self._clock.uptime()
            self._save()

    def _left(self, budget: Budget, count: _Count) -> float:
        """Bring a count up to now and return what it leaves."""
        uptime, elapsed = self._clock.uptime(), self._clock.elapsed()
        if count.running and not self._in_front:
            count.used += max(0.0, uptime - count.counted_to)
        count.counted_to = uptime
        began = count.window_began
        if began is not None and elapsed - began >= (budget.window or 0):
            self._renew(count)
        return max(0.0, budget.limit - count.used)

    def _renew(self, count: _Count) -> None:
        count.used = 0.0
        count.window_began = self._clock.elapsed() if count.running else None

    def _count(self, budget: Budget) -> _Count:
        if self._counts is None:
            self._counts = self._loaded()
        if budget.kind not in self._counts:
            self._counts[budget.kind] = _Count(0.0, None)
        return self._counts[budget.kind]

    def _loaded(self) -> dict[str, _Count]:
        """Read the counts of an earlier process, unless the device has restarted since."""
        try:
            with open(self._path, "rb") as file:
                fields = decode(file.read())
        except (OSError, ValueError):
            return {}
        if not is_object(fields) or fields.get("boot") != self._boot:
            return {}
        counts: dict[str, _Count] = {}
        for budget in BUDGETS:
            entry = fields.get(budget.kind)
            if not is_object(entry):
                continue
            used, began = entry.get("used"), entry.get("windowBegan")
            if is_number(used) and is_number(began) and began <= self._clock.elapsed():
                counts[budget.kind] = _Count(used, began)
        return counts

    def _save(self) -> None:
        fields: dict[str, object] = {"version": 1, "boot": self._boot}
        for kind, count in (self._counts or {}).items():
            if count.window_began is not None:
                fields[kind] = {"used": count.used, "windowBegan": count.window_began}
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            write_atomically(self._path, encode(fields).encode())
        except OSError as error:
            import logging

            logging.getLogger("bgsvc").warning("the time budgets were not saved: %s", error)


def boot_id() -> str:
    """Return what tells this boot of the device from others; empty where nothing does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""
