"""Services that do to their process what services should be able to do."""

import asyncio
import multiprocessing
import os
import select
import signal
import sys
import threading
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from bgsvc import BackgroundService, ServiceContext, finite_task

HEARD = threading.Event()


def hear(number: int, frame: object) -> None:
    del number, frame
    HEARD.set()


if hasattr(signal, "SIGUSR1") and "HEAR" in os.environ:
    signal.signal(signal.SIGUSR1, hear)


def wait_for_ever(ready: Connection) -> None:
    ready.send("ready")
    threading.Event().wait()


def forked() -> BaseProcess:
    """Start a child by a fork and return it once it lives."""
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=wait_for_ever, args=(writer,))
    child.start()
    reader.recv()
    return child


def left(child: int) -> int:
    """Wait for a forked child and return its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class HearingService(BackgroundService):
    """A service whose module has a use for a signal of its own."""

    def run(self, ctx: ServiceContext) -> None:
        HEARD.wait()
        ctx.emit("heard", {"toldToStop": ctx.shutdown.wait(0.3)})
        ctx.shutdown.wait()


class ParentService(BackgroundService):
    """A service that ends a child of its own."""

    def run(self, ctx: ServiceContext) -> None:
        child = forked()
        child.terminate()
        child.join(10)
        alive = child.is_alive()
        child.kill()
        ctx.emit("child", {"alive": alive, "toldToStop": ctx.shutdown.wait(0.3)})
        ctx.shutdown.wait()


class OutlivedService(BackgroundService):
    """A service with a child that outlives it."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("child", {"pid": forked().pid})
        ctx.shutdown.wait()


class FailedChildService(BackgroundService):
    """A service with a child that leaves as if it were the service."""

    def run(self, ctx: ServiceContext) -> None:
        child = os.fork()
        if child == 0:
            way = os.environ["WAY"]
            if way == "raise":
                raise ValueError("the child's own")
            if way != "return":
                sys.exit(3 if way == "exit" else "the child's own")
            return
        ctx.emit("childLeft", {"status": left(child)})
        ctx.shutdown.wait()


class StuckErrorsService(BackgroundService):
    """A service that forks while a thread of its process waits for a reader of what it says."""

    def run(self, ctx: ServiceContext) -> None:
        reader, writer = os.pipe()
        errors, sys.stderr = sys.stderr, os.fdopen(writer, "w")
        unread = 1 << 20
        threading.Thread(target=sys.stderr.write, args=("x" * unread,)).start()
        while select.select([], [writer], [], 0)[1]:
            ctx.shutdown.wait(0.01)
        child = os.fork()
        if child == 0:
            return
        ctx.emit("childLeft", {"status": left(child)})
        while unread:
            unread -= len(os.read(reader, unread))
        sys.stderr = errors


class AsyncChildService(BackgroundService):
    """A service with an event loop, forked in the middle of it."""

    async def run(self, ctx: ServiceContext) -> None:
        child = os.fork()
        if child == 0:
            sys.exit(4)
        ctx.emit("childLeft", {"status": left(child)})
        await ctx.sleep()


class BusyThreadService(BackgroundService):
    """A service that waits for a thread of the event loop's which never ends."""

    async def run(self, ctx: ServiceContext) -> None:
        await asyncio.to_thread(threading.Event().wait)


class LeftThreadService(BackgroundService):
    """A service that leaves a thread behind which never ends."""

    def run(self, ctx: ServiceContext) -> None:
        threading.Thread(target=threading.Event().wait, daemon=False).start()
        ctx.shutdown.wait()


class FlappingService(BackgroundService):
    """A service that fails over and over again, and then is good."""

    def run(self, ctx: ServiceContext) -> None:
        if ctx.run <= 25:
            raise ValueError("not yet")
        ctx.emit("good")
        ctx.shutdown.wait()


class SlowInitService(BackgroundService):
    """A service that is never ready."""

    def init(self, ctx: ServiceContext) -> None:
        ctx.shutdown.wait()

    def run(self, ctx: ServiceContext) -> None:
        raise AssertionError


class UploadService(BackgroundService):
    """A service that leaves a finite task, and a thread that never ends, behind when it ends."""

    def run(self, ctx: ServiceContext) -> None:
        def work() -> None:
            with finite_task("upload"):
                begun.set()
                threading.Event().wait(2)  # longer than threads alone would get
                folder = Path(ctx.data_dir)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "uploaded").touch()

        begun = threading.Event()
        threading.Thread(target=work).start()
        threading.Thread(target=threading.Event().wait, daemon=False).start()
        begun.wait()


class ForeignService(BackgroundService):
    """A service that says something that not every terminal can show."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("said", {"text": "größer"})
