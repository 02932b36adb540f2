"""Restarts a service whose run ended: back-off, jitter and a guard against crash loops."""

from __future__ import annotations

from bgsvc._model.enums import RestartOn, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import Protocol

    from bgsvc._engine.ports import Ports
    from bgsvc._model.config import RestartPolicy
    from bgsvc._ports.clock import Timer

    class RestartOwner(Protocol):
        """Keeps the timer of the restart that is due."""

        lock: threading.RLock

        def restart_timer_fired(self, timer: Timer) -> bool:
            """Take the restart that `timer` was for; False if it was called off."""
            ...

        def restart_failed(self, error: BaseException) -> None:
            """Report that the restart that was due failed with `error`."""


class RestartPlan:
    """Counts one service's restarts and decides whether another follows the next end."""

    def __init__(self, policy: RestartPolicy, jitter: Callable[[], float]) -> None:
        self._policy = policy
        self._jitter = jitter
        self._restarts: list[float] = []
        self.gave_up = False

    def after(self, reason: StopReason, now: float) -> float | None:
        """Return the seconds to wait before the next run, None if there is to be none.

        `now` is uptime. Sets `gave_up` if only the guard against crash loops prevents a run.
        """
        self.gave_up = False
        policy = self._policy
        restarts = policy.on is RestartOn.ALWAYS or (
            policy.on is RestartOn.FAILURE and reason is StopReason.ERROR
        )
        if not restarts:
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
        """Start counting anew, because the service was started on purpose."""
        self._restarts.clear()
        self.gave_up = False


class Restarts:
    """Decides and schedules one service's restarts; its lock is held in all methods."""

    def __init__(
        self,
        policy: RestartPolicy,
        ports: Ports,
        begin: Callable[[], object],
        owner: RestartOwner,
    ) -> None:
        """Schedule nothing yet.

        Args:
            policy: When to restart.
            ports: The clock and the jitter.
            begin: Starts a run, or raises.
            owner: Keeps the timer of the restart that is due.
        """
        self._ports = ports
        self._begin = begin
        self._owner = owner
        self._plan = RestartPlan(policy, ports.jitter)

    def follow(self, policy: RestartPolicy) -> None:
        """Decide by `policy` from now on; what is due stays due."""
        self._plan = RestartPlan(policy, self._ports.jitter)

    def forget(self) -> None:
        """Start counting anew."""
        self._plan.forget()

    def decide(self, reason: StopReason, data: dict[str, object]) -> float | None:
        """Return the seconds to the next run, None for none; note a crash loop in `data`."""
        delay = self._plan.after(reason, self._ports.clock.uptime())
        if self._plan.gave_up:
            data["gaveUp"] = True
        return delay

    def schedule(self, delay: float) -> Timer | None:
        """Return the timer that begins a run in `delay` seconds; None if there can be none."""

        def restart() -> None:
            with self._owner.lock:
                if self._owner.restart_timer_fired(timer):
                    self._restart()

        def hand_over() -> None:  # a start writes to disk, and all services share this thread
            try:
                self._ports.clock.spawn(restart, "bgsvc-restart")
            except RuntimeError as error:
                with self._owner.lock:
                    if self._owner.restart_timer_fired(timer):
                        self._owner.restart_failed(error)

        try:
            timer = self._ports.clock.call_later(delay, hand_over)
        except RuntimeError as error:
            self._owner.restart_failed(error)
            return None
        return timer

    def _restart(self) -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - no caller waits for it
            self._owner.restart_failed(error)
