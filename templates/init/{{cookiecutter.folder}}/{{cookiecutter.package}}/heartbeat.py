"""A service that shows it is alive: one beat a second, until it is stopped."""

from bgsvc import BackgroundService, ServiceContext

APP_NAME = {{ cookiecutter._quoted_name }}
SECONDS_BETWEEN_BEATS = 1.0


class HeartbeatService(BackgroundService):
    """Emits `beat` with a count, and shows the count to the user."""

    def __init__(self) -> None:
        self.beats = 0

    async def init(self, ctx: ServiceContext) -> None:
        """Load what a former run saved; the service counts as started after this."""
        self.beats = 0

    async def run(self, ctx: ServiceContext) -> None:
        """Work until the host asks for a stop; `ctx.sleep` is then False at once."""
        while True:
            self.beats += 1
            ctx.emit("beat", {"count": self.beats})
            ctx.notifier.show(APP_NAME, f"Beat {self.beats}")
            if not await ctx.sleep(SECONDS_BETWEEN_BEATS):
                return

    async def shutdown(self, ctx: ServiceContext, reason: str) -> None:
        """Save what matters, within the spec's `stop_timeout`."""
        ctx.emit("goodbye", {"beats": self.beats, "reason": reason})
