"""The services that the tests install under launchd."""

import json
import os
import sys
from pathlib import Path

from bgsvc import BackgroundService, ServiceContext, StopReason

FOLDER = Path(os.environ["TRIAL_FOLDER"])


class Tick(BackgroundService):
    """Runs until it is stopped, and writes down what it finds around itself."""

    def init(self, ctx: ServiceContext) -> None:
        facts = {
            "argv": sys.argv,
            "cwd": str(Path.cwd()),
            "pid": os.getpid(),
            "environment": dict(os.environ),
            "reason": ctx.start_reason.value,
            "label": ctx.service_label,
            "data": str(ctx.data_dir),
            "user": os.getuid(),
            "terminal": sys.stdin is not None and sys.stdin.isatty(),
        }
        new = FOLDER / "facts.new"
        new.write_text(json.dumps(facts), encoding="utf-8")
        new.rename(FOLDER / "facts.json")
        append("begun\n")

    def run(self, ctx: ServiceContext) -> None:
        print("running", flush=True)
        while not ctx.shutdown.wait(0.05):
            if (FOLDER / "finish").exists():
                (FOLDER / "finish").unlink()
                append("finished\n")
                return
            if (FOLDER / "fail").exists():
                (FOLDER / "fail").unlink()
                raise RuntimeError("broken on purpose")

    def shutdown(self, ctx: ServiceContext, reason: StopReason) -> None:
        append(f"ended {reason.value}\n")


class Unready(BackgroundService):
    """Cannot even begin."""

    def init(self, ctx: ServiceContext) -> None:
        raise RuntimeError("not today")

    def run(self, ctx: ServiceContext) -> None:
        raise NotImplementedError


class Deaf(BackgroundService):
    """Does not end when it is asked to."""

    def run(self, ctx: ServiceContext) -> None:
        while True:
            ctx.shutdown.wait(3600)
            while not (FOLDER / "let go").exists():
                pass


def append(text: str) -> None:
    with (FOLDER / "diary").open("a", encoding="utf-8") as file:
        file.write(text)
