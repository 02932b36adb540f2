"""Services that the runtime's tests run."""

import asyncio
import threading

from bgsvc import BackgroundService, ServiceContext, StopReason, finite_task


class SyncService(BackgroundService):
    """An async service that behaves."""

    async def run(self, ctx: ServiceContext) -> None:
        while await ctx.sleep(60):
            ctx.emit("synced", {"run": ctx.run})


class PlainService(BackgroundService):
    """A plain service that behaves."""

    def run(self, ctx: ServiceContext) -> None:
        while not ctx.shutdown.wait(60):
            ctx.emit("ticked")


class DeafService(BackgroundService):
    """A plain service that ignores its token for an hour."""

    def run(self, ctx: ServiceContext) -> None:
        for _ in range(60):
            ctx.clock.new_event().wait(60)


class StubbornService(BackgroundService):
    """An async service that ignores its token but not its cancellation."""

    async def run(self, ctx: ServiceContext) -> None:
        await asyncio.sleep(3600)
        ctx.emit("slept")


class CrashingService(BackgroundService):
    """A service that fails ten seconds into each run."""

    async def run(self, ctx: ServiceContext) -> None:
        await ctx.sleep(10)
        if not ctx.shutdown.is_set():
            raise ValueError("no more")


class FailingService(BackgroundService):
    """A service that fails at once."""

    def run(self, ctx: ServiceContext) -> None:
        raise ValueError("no more")


class DoneService(BackgroundService):
    """A service that has something to do and then is done."""

    async def run(self, ctx: ServiceContext) -> None:
        await ctx.sleep(5)


class TidyService(BackgroundService):
    """A service that tells which hooks were called on which instance, and in which order."""

    async def init(self, ctx: ServiceContext) -> None:
        ctx.emit("hook", {"name": "init", "instance": id(self)})

    async def run(self, ctx: ServiceContext) -> None:
        ctx.emit("hook", {"name": "run", "instance": id(self)})
        await ctx.sleep()

    async def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
        ctx.emit("hook", {"name": "shutdown", "instance": id(self), "reason": reason})


class LoudService(BackgroundService):
    """A service that makes the runtime send every kind of message."""

    def run(self, ctx: ServiceContext) -> None:
        key = ctx.notifier.show("Notes", "Syncing", actions=[("pause", "Pause")], progress=(3, 10))
        ctx.notifier.update(key, body="Synced", actions=[], progress=(10, 10))
        ctx.notifier.cancel(key)
        with finite_task("upload"):
            ctx.emit("progress", {"done": 3, "of": 10})
        raise ValueError("no more")


class ReallyDeafService(BackgroundService):
    """A service that ignores its token in real time, in a process of its own."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("deaf")
        threading.Event().wait()


class NamedService(BackgroundService):
    """A service that tells its label."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("label", {"label": ctx.service_label})


class ChattyService(BackgroundService):
    """A service that answers each message with as many events as it says."""

    def run(self, ctx: ServiceContext) -> None:
        def answer(data: object) -> None:
            assert isinstance(data, int)
            for number in range(data):
                ctx.emit("counted", {"number": number})

        ctx.on_message(answer)
        ctx.shutdown.wait()
