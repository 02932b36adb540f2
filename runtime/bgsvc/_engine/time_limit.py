"""The time that the platform gives one run: its budgets, or what it was granted."""

from __future__ import annotations

from bgsvc._model.enums import OnTimeout, StopReason
from bgsvc._model.errors import QuotaExhaustedError
from bgsvc._storage.quota import budgets_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._engine.ports import Ports
    from bgsvc._model.config import ServiceConfig
    from bgsvc._ports.clock import Clock, Timer
    from bgsvc._storage.quota import Budget
WARNING_LEAD_S = 600.0
"""Seconds before the deadline of a long grant at which a run is warned."""
WARNING_FRACTION = 0.2
"""The part of a short grant that remains when a run is warned."""
STOP_MARGIN_FRACTION = 0.1
"""The largest part of a grant that is reserved for stopping."""


class Deadline:
    """Warns before one run's deadline and ends the run in time."""

    def __init__(
        self,
        clock: Clock,
        stop_timeout: float | None,
        warn: Callable[[float], None],
        end: Callable[[float], None],
    ) -> None:
        """Make a deadline without a limit; `grant` sets one.

        Args:
            clock: Its time.
            stop_timeout: Seconds a stop may take; None if the deadline does not stop the run.
            warn: Called with the remaining seconds, once for each grant.
            end: Called with the remaining seconds when a stop has to begin.
        """
        self._clock = clock
        self._stop_timeout = stop_timeout
        self._warn = warn
        self._end = end
        self._timers: list[Timer] = []
        self.deadline: float | None = None

    def grant(self, seconds: float | None, total: float | None = None) -> None:
        """Set the deadline to `seconds` from now, of a grant of `whole`; None means no limit."""
        self.close()
        if seconds is None:
            self.deadline = None
            return
        total = seconds if total is None else total
        self.deadline = self._clock.uptime() + seconds
        warn_at = seconds - min(WARNING_LEAD_S, total * WARNING_FRACTION)
        self._timers.append(self._clock.call_later(warn_at, lambda: self._warn(self.remaining())))
        if self._stop_timeout is not None:
            end_at = seconds - min(self._stop_timeout, total * STOP_MARGIN_FRACTION)
            self._timers.append(self._clock.call_later(end_at, lambda: self._end(self.remaining())))

    def remaining(self) -> float:
        """Return the remaining seconds, at least 0; infinity without a limit."""
        if self.deadline is None:
            return float("inf")
        return max(0.0, self.deadline - self._clock.uptime())

    def shorten(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now, if that is sooner, and call nothing then."""
        if seconds < self.remaining():
            self.close()
            self.deadline = self._clock.uptime() + seconds

    def close(self) -> None:
        """Call `warn` and `end` no more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


CHECKPOINT_INTERVAL_S = 60.0
"""Seconds between two writes: what a killed process may fail to count."""


class TimeLimit:
    """Counts a run against its budgets, and stops it in time unless `on_timeout` forbids that."""

    def __init__(
        self,
        ports: Ports,
        config: ServiceConfig,
        emit: Callable[[str, Mapping[str, object]], object],
        stop: Callable[[StopReason, float], None],
    ) -> None:
        """Count nothing yet; `stop` gets the reason and the remaining seconds."""
        self._ports = ports
        self._emit = emit
        self._stop = stop
        self._budgets: list[Budget] = []
        self._checkpoint: Timer | None = None
        self._reason = StopReason.PLATFORM_EXPIRATION
        self._granted = False
        stops = config.on_timeout is not OnTimeout.NOTIFY
        self._deadline = Deadline(
            ports.clock, config.stop_timeout if stops else None, self._warn, self._end
        )

    def begin(self, types: tuple[str, ...], granted: float | None) -> None:
        """Start counting a run under the Android `types`, with `granted` seconds if it has them.

        Raises:
            QuotaExhaustedError: If a budget is used up; nothing is counted then.
        """
        host = self._ports.host
        if host.platform == "android":
            self._reason = StopReason.PLATFORM_TIMEOUT
            for budget in budgets_of(types, host.api_level, host.target_sdk):
                try:
                    self._ports.quota_tracker().begin(budget)
                except QuotaExhaustedError:
                    self.end()
                    raise
                self._budgets.append(budget)
        self._granted = granted is not None
        if granted is not None:
            self._deadline.grant(granted)
        else:
            self.refresh()
        if any(budget.window is not None for budget in self._budgets):
            self._tick()

    def refresh(self) -> None:
        """Compute the deadline from the budgets anew: the app came to the front or left it."""
        if self._granted or not self._budgets:
            return
        budgets_left = [
            (self._ports.quota_tracker().left(budget), budget.limit) for budget in self._budgets
        ]
        limits = [(seconds, limit) for seconds, limit in budgets_left if seconds is not None]
        if limits:
            self._deadline.grant(*min(limits))
        else:
            self._deadline.grant(None)

    @property
    def deadline(self) -> float | None:
        """When the platform ends the run, on the clock's uptime scale; None if never."""
        return self._deadline.deadline

    def remaining(self) -> float | None:
        """Return the remaining seconds, at least 0; None without a limit."""
        return None if self._deadline.deadline is None else self._deadline.remaining()

    def shorten(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now, if that is sooner."""
        self._deadline.shorten(seconds)

    def detach(self) -> None:
        """Stop counting without a write."""
        self._deadline.close()
        if self._checkpoint is not None:
            self._checkpoint.cancel()

    def end(self) -> None:
        """Stop counting."""
        self.detach()
        for budget in self._budgets:
            self._ports.quota_tracker().end(budget)
        self._budgets.clear()

    def _tick(self) -> None:
        self._checkpoint = self._ports.clock.call_later(CHECKPOINT_INTERVAL_S, self._save)

    def _save(self) -> None:
        self._ports.quota_tracker().checkpoint()
        self._tick()

    def _warn(self, remaining: float) -> None:
        kinds = [budget.kind for budget in self._budgets]
        self._emit("quota_warning", {"remaining": remaining, "types": kinds})

    def _end(self, remaining: float) -> None:
        self._stop(self._reason, remaining)
