"""The app's own code."""

from bgsvc import BackgroundService, ServiceContext  # noqa: TID251 - it runs inside the app


class Answers(BackgroundService):
    """Emits a text, and then which buttons are pressed."""

    async def run(self, ctx: ServiceContext) -> None:
        ctx.notifier.on_action(lambda key, action: ctx.emit("pressed", {"at": key, "what": action}))
        ctx.emit("said", {"text": "\U0001f40d \0 é"})
        while await ctx.sleep(60):
            pass
