"""A booted machine with an app installed on it."""

import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Scope, Service, Spec
from bgsvc_gen.targets import linux
from tests.native.linux.box import Box

ROOT = Path(__file__).parents[3]
PYTHON = "/opt/notes/bin/python"
USER = "bguser"

Status = dict[str, Any]
"""What `python -m bgsvc status --json` prints."""


@dataclass
class Machine:
    """A booted machine with an app in `/opt/notes`, as a package or an installer puts it there."""

    box: Box
    folder: Path

    def generate(self, service: Service, app: str = "com.example.notes") -> str:
        """Generate a service's files into the share; return the unit's path inside."""
        spec = Spec(App(app, "Notes & Co 100%"), (service,), allow=("get-service-state",))
        for file in render(linux.plan(spec)):
            (self.folder / file.path).write_bytes(file.content)
        return f"/run/share/{app}.{service.name}.service"

    def bgsvc(
        self, *words: str, user: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return self.box.run(PYTHON, "-m", "bgsvc", *words, user=user, check=check)

    def status(self, label: str, scope: Scope = "system", user: str | None = None) -> Status:
        found = self.bgsvc("status", label, f"--scope={scope}", "--json", user=user, check=False)
        assert found.stdout, found.stderr
        status: Status = json.loads(found.stdout)
        return status


def install_app(box: Box) -> None:
    """Install the runtime and the services of these tests, as pip would."""
    box.run("/usr/bin/python3", "-m", "venv", "--without-pip", "/opt/notes")
    (site,) = box.run("sh", "-c", "echo /opt/notes/lib/python3*/site-packages").stdout.split()
    box.run("cp", "-r", str(ROOT / "runtime/bgsvc"), site)
    box.run("cp", "-r", str(ROOT / "tests/native/linux/trials"), site)
    box.run("chmod", "-R", "a+rX", "/opt/notes")


def service(entry: str, name: str = "sync", scope: Scope = "system", **changes: object) -> Service:
    """Return a service of the app."""
    made = Service(name, f"trials.services:{entry}", Label("Syncing notes"), desktop=Desktop(scope))
    return replace(made, **changes)  # type: ignore[arg-type]
