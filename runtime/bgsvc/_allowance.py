"""The time a platform grants one run: a deadline, a warning ahead of it, and a stop in time."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._clock import Clock, Timer

WARN_AHEAD = 600.0
"""Seconds before the deadline at which a run is warned, where the grant is long."""
WARN_PART = 0.2
"""The part of a short grant that is left when a run is warned."""
MARGIN_PART = 0.1
"""The largest part of a grant that is kept back for stopping."""


class Allowance:
    """Watches one run's deadline."""

    def __init__(
        self,
        clock: Clock,
        stop_timeout: float | None,
        warn: Callable[[float], None],
        end: Callable[[float], None],
    ) -> None:
        """Make an allowance without a limit; `grant` sets one.

        Args:
            clock: The time it lives by.
            stop_timeout: Seconds a stop may take; None if the run is not to be stopped by us.
            warn: Called with the seconds left, once for each grant.
            end: Called with the seconds left when a stop must begin.
        """
        self._clock = clock
        self._stop_timeout = stop_timeout
        self._warn = warn
        self._end = end
        self._timers: list[Timer] = []
        self.deadline: float | None = None

    def grant(self, seconds: float | None, whole: float | None = None) -> None:
        """Set the deadline to `seconds` from now, of a grant of `whole`; None means no limit."""
        self.close()
        if seconds is None:
            self.deadline = None
            return
        whole = seconds if whole is None else whole
        self.deadline = self._clock.uptime() + seconds
        warn_at = seconds - min(WARN_AHEAD, whole * WARN_PART)
        self._timers.append(self._clock.call_later(warn_at, lambda: self._warn(self.remaining())))
        if self._stop_timeout is not None:
            end_at = seconds - min(self._stop_timeout, whole * MARGIN_PART)
            self._timers.append(self._clock.call_later(end_at, lambda: self._end(self.remaining())))

    def remaining(self) -> float:
        """Return the seconds left, never below zero; infinity without a limit."""
        if self.deadline is None:
            return float("inf")
        return max(0.0, self.deadline - self._clock.uptime())

    def shorten(self, seconds: float) -> None:
        """Move the deadline to `seconds` from now, if that is sooner; nobody is called."""
        if seconds < self.remaining():
            self.close()
            self.deadline = self._clock.uptime() + seconds

    def close(self) -> None:
        """Call nobody any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
