"""Services that do, under a real systemd, what services do; a file in their folder tells them."""

import asyncio
import ctypes
import json
import os
import sys
import time
from pathlib import Path

from bgsvc import BackgroundService, ServiceContext

SHARE = Path(os.environ.get("TRIAL_SHARE", "/run/share"))


class Obedient(BackgroundService):
    """Runs until it is stopped, and leaves a word when it is."""

    async def init(self, ctx: ServiceContext) -> None:
        await asyncio.sleep(float(os.environ.get("TRIAL_INIT", "0")))

    async def run(self, ctx: ServiceContext) -> None:
        while await ctx.sleep(0.05):
            if (SHARE / "hang").exists():
                (SHARE / "hang").unlink()
                time.sleep(3600)  # noqa: ASYNC251 - the point: it blocks its loop

    async def shutdown(self, ctx: ServiceContext, reason: str) -> None:
        print(f"shut down: {reason}", flush=True)  # noqa: T201 - for the journal


class Brief(BackgroundService):
    """Ends by itself."""

    async def run(self, ctx: ServiceContext) -> None:
        return


class Failing(BackgroundService):
    """Fails as soon as it runs."""

    async def run(self, ctx: ServiceContext) -> None:
        raise ValueError("as it was told")


class Deaf(BackgroundService):
    """Never hears that it is to stop."""

    def run(self, ctx: ServiceContext) -> None:
        while True:
            time.sleep(1)


class Stuck(BackgroundService):
    """Holds the interpreter's lock: no other thread runs any more, no signal is handled."""

    async def run(self, ctx: ServiceContext) -> None:
        ctypes.PyDLL(None).sleep(3600)


class Echo(BackgroundService):
    """Writes down what it was started with."""

    async def run(self, ctx: ServiceContext) -> None:
        label = ctx.service_label
        found = {"environ": dict(os.environ), "label": label}
        folder = Path(ctx.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "echo.json").write_text(json.dumps({**found, "python": sys.executable}))
        await ctx.sleep(3600)


class Entrusted(BackgroundService):
    """Reads what it was entrusted with, and writes it down."""

    async def run(self, ctx: ServiceContext) -> None:
        names = ("notes-token", "another", "../notes-token")
        found = [ctx.credential(name) for name in names]
        told = [None if secret is None else secret.hex() for secret in found]
        folder = Path(ctx.data_dir)
        where = os.environ.get("CREDENTIALS_DIRECTORY")
        (folder / "told.json").write_text(json.dumps({"told": told, "folder": where}))
        await ctx.sleep(3600)


class Prober(BackgroundService):
    """Tries what a sandbox forbids, and writes down what came of it."""

    async def run(self, ctx: ServiceContext) -> None:
        folder = Path(ctx.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        places = ("/etc", "/usr", "/var/lib", "/root", "/home", "/tmp", str(folder))  # noqa: S108
        found: dict[str, object] = {place: _writes(place) for place in places}
        status = Path("/proc/self/status").read_text().splitlines()
        fields = (line.partition(":") for line in status)
        found["status"] = {name: value.strip() for name, _, value in fields}
        found["display"] = [name for name in os.environ if "DISPLAY" in name]
        found["terminal"] = sys.stdin is not None and sys.stdin.isatty()
        found["processes"] = sum(path.name.isdigit() for path in Path("/proc").iterdir())
        (folder / "probe.json").write_text(json.dumps(found))
        await ctx.sleep(3600)


def _writes(place: str) -> str:
    path = Path(place) / f"bgsvc-probe-{os.getpid()}"
    try:
        path.write_text("")
        path.unlink()
    except OSError as error:
        return type(error).__name__
    return "written"
