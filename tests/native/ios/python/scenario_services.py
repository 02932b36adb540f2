"""The services of the scenarios, which CPython runs inside the Swift process."""

import ctypes
import os
import signal
import threading

from bgsvc import BackgroundService, ServiceContext, before_exit, finish  # noqa: TID251 - an app's code


class Quick(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("worked", {"reason": str(ctx.start_reason), "remaining": ctx.remaining()})


class Patient(BackgroundService):
    async def run(self, ctx: ServiceContext) -> None:
        ctx.on_message(lambda data: ctx.emit("heard", {"data": data}))
        ctx.emit("waiting", {"remaining": ctx.remaining()})
        while await ctx.sleep(60):
            pass
        ctx.emit("asked_to_stop", {"remaining": ctx.remaining()})


class Crash(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        raise ValueError(f"no more of {ctx.service_name}")


class Stubborn(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("waiting", {})
        ctx.shutdown.wait()
        ctx.emit("ignoring", {})
        threading.Event().wait(2)


class Hung(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:  # noqa: ARG002 - it hangs before it could use it
        from_test, to_test = map(int, os.environ["SCENARIO_PIPES"].split())
        os.write(to_test, b"x")
        # PyDLL calls into C without releasing Python's lock.
        ctypes.PyDLL(None).read(from_test, ctypes.create_string_buffer(1), 1)


class Steps(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("progress", {"done": 1, "total": 4, "subtitle": "one of four"})
        ctx.shutdown.wait()


class Threaded(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        def tick() -> None:
            count = 0
            while not ctx.shutdown.wait(0.005):
                count += 1
                ctx.emit("tick", {"count": count})

        second = threading.Thread(target=tick)
        second.start()
        second.join()


class Finite(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        done = threading.Event()
        ctx.on_message(lambda _: done.set())

        def upload(task: str) -> None:
            ctx.emit("uploading", {"task": task})
            done.wait(30)
            finish(task)
            ctx.emit("uploaded", {})

        before_exit(upload)
        ctx.shutdown.wait()


class Notify(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        ctx.notifier.on_action(lambda key, action: ctx.emit("pressed", {"key": key, "id": action}))
        key = ctx.notifier.show("Notes", "Syncing", actions=[("pause", "Pause")])
        ctx.on_message(lambda _: ctx.notifier.cancel(key))
        ctx.emit("shown", {})
        ctx.shutdown.wait()


class Pipe(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        try:
            os.write(writer, b"data")
        except BrokenPipeError:
            handler = signal.getsignal(signal.SIGPIPE)
            ctx.emit("survived", {"ignored": handler is signal.SIG_IGN})
