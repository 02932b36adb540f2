"""The time budgets Android gives to some kinds of service, and what is left of them.

The system meters by uptime, which stands still in deep sleep, and lets a window of 24 hours
pass by elapsed time, which does not. It begins to count anew when the user brings the app to
the front, when the window has passed, and when the device restarts. The counts are shared by
all services of the same type, and kept on disk, for the system's survive our process. Each
look and each count is made on what is on disk, so that no process loses what another used.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, contextmanager

from bgsvc._lite.dataclasses import dataclass
from bgsvc._lite.guards import is_number, is_object
from bgsvc._lite.json import decode, encode
from bgsvc._model.errors import QuotaExhaustedError
from bgsvc._storage.locks import FileLock
from bgsvc._storage.state_file import write_atomically

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from bgsvc._ports.clock import Clock

HOUR = 3600.0


@dataclass(frozen=True)
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
    stored: list[Budget] = []
    for budget in BUDGETS:
        if budget.kind not in types or (api_level or 1000) < budget.api_level:
            continue
        if budget.window is None and len(types) > 1:
            continue
        if budget.window is not None and (target_sdk or 1000) < budget.api_level:
            continue
        stored.append(budget)
    return stored


class _Count:
    """What was used of one windowed budget."""

    def __init__(self) -> None:
        self.used = 0.0
        self.window_began: float | None = None  # elapsed time
        self.running = 0
        self.counted_to = 0.0  # uptime


class QuotaTracker:
    """Counts what is used of every budget, over all services and processes of an app."""

    def __init__(self, clock: Clock, folder: str, boot: str) -> None:
        self._clock = clock
        self._folder = folder
        self._path = os.path.join(folder, "~quota.json")  # no service can have such a name
        self._lock_path = os.path.join(folder, "~quota.lock")
        self._boot = boot
        self._lock = threading.Lock()
        self._counts = {one.kind: _Count() for one in BUDGETS if one.window is not None}
        self._saved = True
        self._in_front = False

    def begin(self, budget: Budget) -> float | None:
        """Count a run that begins; return the seconds it has, None while the app is in front.

        Raises:
            QuotaExhaustedError: If nothing is left.
        """
        if budget.window is None:
            return budget.limit
        with self._on_disk():
            count = self._counts[budget.kind]
            left = self._left(budget, count)
            if left <= 0:
                raise QuotaExhaustedError(
                    f"the {budget.limit / HOUR:g} hours of {budget.kind} are used up"
                )
            if count.window_began is None:
                count.window_began = self._clock.elapsed()
            count.running += 1
            return None if self._in_front else left

    def end(self, budget: Budget) -> None:
        """Count a run that ended."""
        if budget.window is None:
            return
        with self._on_disk():
            count = self._counts[budget.kind]
            self._left(budget, count)
            count.running -= 1

    def checkpoint(self) -> None:
        """Write the counts down, in case this process does not live to do it later."""
        with self._on_disk():
            for budget in BUDGETS:
                if budget.window is not None:
                    self._left(budget, self._counts[budget.kind])

    def left(self, budget: Budget) -> float | None:
        """Return the seconds left now; None while the app is in front and nothing counts."""
        if budget.window is None:
            return budget.limit
        with self._on_disk():
            return None if self._in_front else self._left(budget, self._counts[budget.kind])

    def app_moved(self, *, in_front: bool) -> None:
        """Learn that the app came to the front, which begins every count anew, or left it."""
        with self._on_disk():
            self._in_front = in_front
            for count in self._counts.values():
                self._renew(count)
                count.counted_to = self._clock.uptime()

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

    @contextmanager
    def _on_disk(self) -> Generator[None]:
        """Count on what is on disk, and write it down; on what is known if the disk refuses."""
        with self._lock, ExitStack() as held:
            try:
                held.enter_context(FileLock(self._lock_path, self._folder))
                self._load()
            except OSError as error:
                self._complain("the time budgets were not read: %s", error)
            yield
            self._save()

    def _load(self) -> None:
        """Take in what is on disk, unless the device has restarted since or this process knows."""
        self._take_over()
        try:
            with open(self._path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return
        try:
            fields = decode(content)
            if not is_object(fields):
                raise ValueError("not an object")  # noqa: TRY301 - told below, with the others
            stored = {kind: self._entry(fields, kind) for kind in self._counts}
        except ValueError as error:
            os.replace(self._path, f"{self._path}.damaged")
            self._complain("the time budgets are damaged and begin anew: %s", error)
            return
        for kind, (used, began) in stored.items():
            count = self._counts[kind]
            if self._saved or used > count.used:
                count.used = used
                count.window_began = began
                if began is None and count.running:
                    count.window_began = self._clock.elapsed()

    def _take_over(self) -> None:
        """Rename the file of an earlier version, whose name a service may have."""
        old = os.path.join(self._folder, "quota.json")
        if os.path.exists(self._path) or not os.path.exists(old):
            return
        with open(old, "rb") as file:
            content = file.read()
        if b'"boot"' in content and b'"history"' not in content:
            os.replace(old, self._path)

    def _entry(self, fields: dict[str, object], kind: str) -> tuple[float, float | None]:
        """Return what was used of a budget, and when its window began; none of it if it is old."""
        entry = fields.get(kind)
        if entry is None or fields.get("boot") != self._boot:
            return 0.0, None
        used = entry.get("used") if is_object(entry) else None
        began = entry.get("windowBegan") if is_object(entry) else None
        if not is_number(used) or not is_number(began) or used < 0:
            raise ValueError(kind)
        return (used, began) if began <= self._clock.elapsed() else (0.0, None)

    def _save(self) -> None:
        fields: dict[str, object] = {"version": 1, "boot": self._boot}
        for kind, count in self._counts.items():
            if count.window_began is not None:
                fields[kind] = {"used": count.used, "windowBegan": count.window_began}
        try:
            write_atomically(self._path, encode(fields).encode())
            self._saved = True
        except OSError as error:
            self._saved = False
            self._complain("the time budgets were not saved: %s", error)

    def _complain(self, text: str, error: Exception) -> None:
        import logging

        logging.getLogger("bgsvc").warning(text, error)


def boot_id() -> str:
    """Return what tells this boot of the device from others; empty where nothing does."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""
