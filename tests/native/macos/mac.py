"""A user of macOS, or root: their launchd and their `Library`.

On macOS it is Apple's launchd; elsewhere the model of `launchctl.py`.
"""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from bgsvc._os.launchd.backend import Launchd
from bgsvc._os.launchd.files import Places
from bgsvc._os.launchd.launchctl import Launchctl
from bgsvc._os.service import OsService, OsServiceStatus, Scope
from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Service, Spec
from bgsvc_gen.targets import macos

APP: Final = f"com.example.trial{os.getpid()}"
"""One for each process: two that run tests at once are not to meet on one channel."""

TICK: Final = f"{APP}.tick"
HERE: Final = Path(__file__).parent
RUNTIME: Final = HERE.parents[2] / "runtime"
"""Which another account's Python does not have."""
IS_MACOS: Final = sys.platform == "darwin"
only_the_model = pytest.mark.skipif(IS_MACOS, reason="needs a launchd that can be rebooted or bent")


class Mac:
    """One user's launchd, with nothing loaded by us."""

    def __init__(self, folder: Path, scope: Scope) -> None:
        self.folder = folder
        self.scope = scope
        self.library = folder / "Library"
        self.state = folder / "launchd"
        self.state.mkdir()
        self.program = folder / "launchctl"
        words = [sys.executable, str(HERE / "launchctl.py"), str(self.state)]
        self.program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        self.program.chmod(0o755)
        self.launchctl = Launchctl(scope) if IS_MACOS else Launchctl(scope, str(self.program))
        self.places = Places(scope, str(self.library), channels="/run")  # where clients look here
        self.launchd = Launchd(scope, self.launchctl, self.places)

    def generate(  # noqa: PLR0913 - what tests vary
        self,
        entry: str = "mac_trial:Tick",
        name: str = "tick",
        *,
        boot: bool = True,
        restart: RestartOn = "failure",
        label: str = "Trial",
        timeout: float = 10.0,
        user: str | None = None,
    ) -> Path:
        """Write the file that the generator makes for a service, and return where it is."""
        variables = {"PYTHONPATH": f"{HERE / 'app'}:{RUNTIME}", "TRIAL_FOLDER": str(self.folder)}
        service = Service(
            name,
            entry,
            Label(label),
            start_on_boot=boot,
            restart=Restart(restart),
            stop_timeout=timeout,
            desktop=Desktop(self.scope.value, user=user, environment=variables),
        )
        (file,) = render(
            macos.plan(Spec(App(APP, "Trial"), (service,), allow=("is-service-running",)))
        )
        path = self.folder / "generated" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
        return path

    def install(self, path: Path) -> OsService:
        """Install a generated file."""
        service = self.launchd.read(str(path))
        self.launchd.install(service)
        return service

    def status(self, label: str = TICK) -> OsServiceStatus:
        """Return what is true now."""
        return self.launchd.status(label)

    @property
    def diary(self) -> list[str]:
        """What the trial services have written down."""
        path = self.folder / "diary"
        return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []

    @property
    def facts(self) -> dict[str, Any]:
        """What a trial service found around itself."""
        found: dict[str, Any] = json.loads((self.folder / "facts.json").read_text("utf-8"))
        return found

    @property
    def calls(self) -> list[list[str]]:
        """The words of each call of `launchctl` so far."""
        lines = (self.state / "calls").read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["words"] for line in lines]

    def reboot(self) -> None:
        """End every job as a shutdown does, then load what is installed, as a boot or login."""
        self.end_all()
        domain = self.launchctl.domain
        for path in sorted(self.library.glob("Launch*/*.plist")):
            self.launchctl.run("bootstrap", domain, str(path))

    def end_all(self) -> None:
        """Unload every job that is left."""
        for job in self.state.glob("jobs/*@*"):
            known: dict[str, Any] = json.loads(job.read_text(encoding="utf-8"))
            os.kill(known["supervisor"], signal.SIGTERM)
            assert eventually(partial(_is_gone, job))


def _is_gone(path: Path) -> bool:
    return not path.exists()


def eventually(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    """Wait until `condition` holds; False if it never does."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
