"""One run against the platform's clock: its budgets, and the time it was granted."""

from __future__ import annotations

from bgsvc._allowance import Allowance
from bgsvc._errors import QuotaExhaustedError
from bgsvc._quota import budgets_of
from bgsvc._words import OnTimeout, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bgsvc._clock import Timer
    from bgsvc._config import ServiceConfig
    from bgsvc._ports import Ports
    from bgsvc._quota import Budget

CHECKPOINT_EVERY = 60.0
"""Seconds of running that a killed process may forget."""


class Meter:
    """Counts a run against its budgets and stops it in time where it was told to."""

    def __init__(
        self,
        ports: Ports,
        config: ServiceConfig,
        emit: Callable[[str, Mapping[str, object]], object],
        stop: Callable[[StopReason, float], None],
    ) -> None:
        """Make a meter; `stop` is called with the reason and the seconds left."""
        self._ports = ports
        self._emit = emit
        self._stop = stop
        self._budgets: list[Budget] = []
        self._checkpoint: Timer | None = None
        self._reason = StopReason.PLATFORM_EXPIRATION
        self._granted = False
        stops = config.on_timeout is not OnTimeout.NOTIFY
        self.allowance = Allowance(
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
                    self._ports.ledger().begin(budget)
                except QuotaExhaustedError:
                    self.end()
                    raise
                self._budgets.append(budget)
        self._granted = granted is not None
        if granted is not None:
            self.allowance.grant(granted)
        else:
            self.refresh()
        if any(budget.window is not None for budget in self._budgets):
            self._tick()

    def refresh(self) -> None:
        """Take the budgets' word for the deadline again: the app has moved."""
        if self._granted or not self._budgets:
            return
        left = [(self._ports.ledger().left(budget), budget.limit) for budget in self._budgets]
        limits = [(seconds, limit) for seconds, limit in left if seconds is not None]
        if limits:
            self.allowance.grant(*min(limits))
        else:
            self.allowance.grant(None)

    def detach(self) -> None:
        """Write nothing down any more."""
        self.allowance.close()
        if self._checkpoint is not None:
            self._checkpoint.cancel()

    def end(self) -> None:
        """Stop counting."""
        self.detach()
        for budget in self._budgets:
            self._ports.ledger().end(budget)
        self._budgets.clear()

    def _tick(self) -> None:
        self._checkpoint = self._ports.clock.call_later(CHECKPOINT_EVERY, self._save)

    def _save(self) -> None:
        self._ports.ledger().checkpoint()
        self._tick()

    def _warn(self, remaining: float) -> None:
        kinds = [budget.kind for budget in self._budgets]
        self._emit("quota_warning", {"remaining": remaining, "types": kinds})

    def _end(self, remaining: float) -> None:
        self._stop(self._reason, remaining)
