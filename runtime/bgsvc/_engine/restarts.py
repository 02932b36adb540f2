"""When a run that ended is followed by another: back-off, jitter, and a guard against loops."""

from __future__ import annotations

from bgsvc._model.enums import RestartOn, StopReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from bgsvc._engine.ports import Ports
    from bgsvc._model.config import RestartPolicy
    from bgsvc._ports.clock import Timer


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
        """Start counting anew, because somebody started the service on purpose."""
        self._restarts.clear()
        self.gave_up = False


class Restarts:
    """Sees to one service's restarts; whoever calls it holds the service's lock."""

    def __init__(
        self,
        policy: RestartPolicy,
        ports: Ports,
        lock: threading.RLock,
        begin: Callable[[], object],
        failed: Callable[[Exception], None],
    ) -> None:
        """Have nothing due; `begin` will start a run, `failed` hear why none could begin."""
        self._ports = ports
        self._lock = lock
        self._begin = begin
        self._failed = failed
        self._timer: Timer | None = None
        self._plan = RestartPlan(policy, ports.jitter)

    def follow(self, policy: RestartPolicy) -> None:
        """Decide by `policy` from now on; what is due stays due."""
        self._plan = RestartPlan(policy, self._ports.jitter)

    def forget(self) -> None:
        """Start counting anew."""
        self._plan.forget()

    def decide(self, reason: StopReason, data: dict[str, object]) -> float | None:
        """Return the seconds to the next run, None for none; `data` gets to know of a loop."""
        delay = self._plan.after(reason, self._ports.clock.uptime())
        if self._plan.gave_up:
            data["gaveUp"] = True
        return delay

    @property
    def due_in(self) -> float | None:
        """Seconds to the next run; None if none is due."""
        timer = self._timer
        return None if timer is None else max(0.0, timer.when - self._ports.clock.uptime())

    def call_off(self) -> None:
        """Let none be due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def schedule(self, delay: float) -> bool:
        """See that a run begins in `delay` seconds; False if nothing can see to it."""

        def again() -> None:
            with self._lock:
                if self._timer is timer:
                    self._timer = None
                    self._start()

        def hand_over() -> None:  # a start writes to disk, and the clock's thread is everybody's
            try:
                self._ports.clock.spawn(again, "bgsvc-restart")
            except RuntimeError as error:
                with self._lock:
                    self.call_off()
                    self._failed(error)

        try:
            timer = self._ports.clock.call_later(delay, hand_over)
        except RuntimeError as error:
            self._failed(error)
            return False
        self._timer = timer
        return True

    def _start(self) -> None:
        try:
            self._begin()
        except Exception as error:  # noqa: BLE001 - there is nobody above to hear of it
            self._failed(error)
