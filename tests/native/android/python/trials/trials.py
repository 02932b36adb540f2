"""Services for the tests: most of them fail, each in its own way."""

import time

from bgsvc import BackgroundService, ServiceContext, finite_task  # noqa: TID251 - it runs inside the app


class Crash(BackgroundService):
    """Raises."""

    async def run(self, ctx: ServiceContext) -> None:
        ctx.emit("divided", {"result": 1 / 0})


class Flaky(BackgroundService):
    """Raises once, and runs when it is restarted."""

    tries = 0

    async def run(self, ctx: ServiceContext) -> None:
        type(self).tries += 1
        if type(self).tries == 1:
            raise OSError("not yet")
        while await ctx.sleep(60):
            pass


class Stubborn(BackgroundService):
    """Goes on for two seconds after it is asked to stop."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.shutdown.wait(30)
        time.sleep(2)


class Buttons(BackgroundService):
    """Shows a notification with a button and a progress, and emits which button is pressed."""

    async def run(self, ctx: ServiceContext) -> None:
        ctx.notifier.on_action(lambda key, action: ctx.emit("pressed", {"at": key, "what": action}))
        buttons = [("hold", "Hold")]
        ctx.notifier.show_with_id("one", "Copying", "3 of 4", actions=buttons, progress=(3, 4))
        while await ctx.sleep(60):
            pass


class Finishing(BackgroundService):
    """Has a finite task, and emits its remaining time and its expiry."""

    async def run(self, ctx: ServiceContext) -> None:
        with finite_task("upload") as task:
            task.on_expire(lambda: ctx.emit("expired", {}))
            ctx.emit("open", {})
            limited = False
            while not task.expired and await ctx.sleep(0.02):
                remaining = task.remaining()
                if (remaining is not None) != limited:
                    limited = not limited
                    ctx.emit("limit", {"seconds": remaining})
        while await ctx.sleep(60):
            pass


class Progress(BackgroundService):
    """Shows its progress on the service's own notification."""

    async def run(self, ctx: ServiceContext) -> None:
        ctx.notifier.show_with_id("foreground", "Half way", "2 of 4", progress=(2, 4))
        while await ctx.sleep(60):
            pass
