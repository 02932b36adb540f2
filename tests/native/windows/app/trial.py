"""The services that the tests install on Windows."""

import json
import os
import sys
from pathlib import Path

from bgsvc import BackgroundService, ServiceContext, StopReason


class Tick(BackgroundService):
    """Runs until it is stopped, and writes down what it finds around itself."""

    def init(self, ctx: ServiceContext) -> None:
        facts = {
            "argv": sys.argv,
            "cwd": str(Path.cwd()),
            "pid": os.getpid(),
            "stdin": type(sys.stdin).__name__,
            "stdout": type(sys.stdout).__name__,
            "prefix": sys.prefix,
            "executable": sys.executable,
            "path": sys.path,
            "environment": dict(os.environ),
            "reason": ctx.start_reason.value,
            "label": ctx.service_label,
        }
        write(f"{ctx.service_name}.json", json.dumps(facts))
        append(ctx, "begun\n")

    def run(self, ctx: ServiceContext) -> None:
        print("running", flush=True)
        while not ctx.shutdown.wait(0.05):
            pass
        append(ctx, "draining\n")

    def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
        append(ctx, f"ended {reason.value}\n")


class Brief(BackgroundService):
    """Ends by itself."""

    def run(self, ctx: ServiceContext) -> None:
        return


class Broken(BackgroundService):
    """Fails as soon as it runs."""

    def run(self, ctx: ServiceContext) -> None:
        raise RuntimeError("broken on purpose")


class Unready(BackgroundService):
    """Cannot even begin."""

    def init(self, ctx: ServiceContext) -> None:
        raise RuntimeError("not today")

    def run(self, ctx: ServiceContext) -> None:
        raise NotImplementedError


def write(name: str, text: str) -> None:
    path = folder() / name
    path.with_suffix(".new").write_text(text, encoding="utf-8")
    path.with_suffix(".new").replace(path)


def append(ctx: ServiceContext, text: str) -> None:
    with (folder() / f"{ctx.service_name}.diary").open("a", encoding="utf-8") as file:
        file.write(text)


def folder() -> Path:
    found = Path("C:\\trial")
    found.mkdir(exist_ok=True)
    return found
