"""A service that emits one beat per second until it is stopped."""

from bgsvc import BackgroundService, ServiceContext

APP_NAME = {{ cookiecutter._quoted_name }}
SECONDS_BETWEEN_BEATS = 1.0


class HeartbeatService(BackgroundService):
    """Emits `beat` events with a count, and shows the count in a notification."""

    def __init__(self) -> None:
        self.beats = 0

    async def init(self, ctx: ServiceContext) -> None:
        """Load saved state; the service counts as started once this returns."""
        self.beats = 0

    async def run(self, ctx: ServiceContext) -> None:
        """Work until a stop is requested; `ctx.sleep` then returns False at once."""
        while True:
            self.beats += 1
            ctx.emit("beat", {"count": self.beats})
            ctx.notifier.show(APP_NAME, f"Beat {self.beats}")
            if not await ctx.sleep(SECONDS_BETWEEN_BEATS):
                return

    async def shutdown(self, ctx: ServiceContext, reason: str) -> None:
        """Save state, within `stop_timeout` of the spec."""
        ctx.emit("goodbye", {"beats": self.beats, "reason": reason})
