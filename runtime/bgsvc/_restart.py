"""When a run that ended is followed by another: back-off, jitter, and a guard against loops."""

from __future__ import annotations

from bgsvc._words import RestartOn, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bgsvc._config import RestartPolicy


class RestartPlan:
    """Remembers one service's failures and decides what follows the next end."""

    def __init__(self, policy: RestartPolicy, jitter: Callable[[], float]) -> None:
        self._policy = policy
        self._jitter = jitter
        self._restarts: list[float] = []
        self.gave_up = False

    @property
    def attempt(self) -> int:
        """How many restarts the guard still counts."""
        return len(self._restarts)

    def after(self, reason: StopReason, now: float) -> float | None:
        """Return the seconds to wait before the next run, None if there is to be none.

        `now` is uptime. Sets `gave_up` if only the guard stands between.
        """
        self.gave_up = False
        policy = self._policy
        wanted = policy.on is RestartOn.ALWAYS or (
            policy.on is RestartOn.FAILURE and reason is StopReason.ERROR
        )
        if not wanted:
            return None
        self._restarts = [at for at in self._restarts if now - at < policy.window]
        if len(self._restarts) >= policy.limit:
            self.gave_up = True
            return None
        doublings = min(len(self._restarts), 60)
        self._restarts.append(now)
        full: float = min(policy.max_delay, policy.delay * 2.0**doublings)
        return full * (0.5 + 0.5 * self._jitter())

    def forget(self) -> None:
        """Start counting anew, because somebody started the service on purpose."""
        self._restarts.clear()
        self.gave_up = False
