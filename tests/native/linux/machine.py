"""A booted machine with an app installed on it."""

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Scope, Service, Spec
from bgsvc_gen.targets import linux
from tests.native.linux.box import Box, until

ROOT: Final = Path(__file__).parents[3]
FOLDER: Final = "/opt/notes"
PYTHON: Final = f"{FOLDER}/bin/python"
USER: Final = "bguser"
LABEL: Final = "com.example.notes.sync"
UNIT: Final = f"{LABEL}.service"

Status = dict[str, Any]
"""What `python -m bgsvc status --json` prints."""

on_both_systemds = pytest.mark.parametrize("machine", ["own", "257"], indirect=True)
"""Run a test on this machine's own systemd and on systemd 257."""

_WIPE: Final = """
rm -rf /run/share/com.example.*
[ -n "$(ls -d /etc/systemd/system/com.example.* /var/lib/com.example.* 2>/dev/null)" ] || exit 0
systemctl --quiet stop 'com.example.*' 2>/dev/null
cd /etc/systemd/system && rm -rf com.example.* *.wants/com.example.*
rm -rf /var/lib/com.example.* /var/lib/private/com.example.*
systemctl daemon-reload && systemctl reset-failed
"""


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

    def install(self, service: Service, *words: str, user: str | None = None) -> None:
        """Generate and install a service."""
        self.bgsvc("install", self.generate(service), *words, user=user)

    def bgsvc(
        self, *words: str, user: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m bgsvc` inside."""
        return self.box.run(PYTHON, "-m", "bgsvc", *words, user=user, check=check)

    def status(
        self, label: str = LABEL, scope: Scope = "system", user: str | None = None
    ) -> Status:
        """Return what `bgsvc status` says."""
        found = self.bgsvc("status", label, f"--scope={scope}", "--json", user=user, check=False)
        assert found.stdout, found.stderr
        status: Status = json.loads(found.stdout)
        return status

    def findings(self) -> set[str]:
        """Return the codes of what `bgsvc status` finds wrong."""
        return {one["code"] for one in self.status()["findings"]}

    def until_active(self, state: str, unit: str = UNIT, user: str | None = None) -> None:
        """Wait until systemd says that a unit's active state is `state`."""
        until(
            lambda: self.box.show(unit, "ActiveState", user=user)["ActiveState"] == state,
            f"{unit} is {state}",
        )

    def read_json(self, path: str) -> Status:
        """Wait for a file and return what it holds."""
        until(
            lambda: self.box.run("test", "-s", path, check=False).returncode == 0,
            f"the service writes {path}",
        )
        found: Status = json.loads(self.box.run("cat", path).stdout)
        return found

    def wipe(self) -> None:
        """Remove all services of the system's manager, whatever their state, and their data."""
        self.box.run("sh", "-c", _WIPE)


def install_app(box: Box) -> None:
    """Install the runtime and the services of these tests, as pip would."""
    box.run("/usr/bin/python3", "-m", "venv", "--without-pip", FOLDER)
    (site,) = box.run("sh", "-c", f"echo {FOLDER}/lib/python3*/site-packages").stdout.split()
    share = box.share / "packages"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "runtime/bgsvc", share / "bgsvc", ignore=ignored)
    shutil.copytree(ROOT / "tests/native/linux/trials", share / "trials", ignore=ignored)
    box.run("sh", "-c", f"cp -r /run/share/packages/* {site}")
    box.run(PYTHON, "-m", "compileall", "-q", site)
    box.run("chmod", "-R", "a+rX", FOLDER)


def service(entry: str, name: str = "sync", scope: Scope = "system", **changes: object) -> Service:
    """Return a service of the app."""
    made = Service(name, f"trials.services:{entry}", Label("Syncing notes"), desktop=Desktop(scope))
    return replace(made, **changes)  # type: ignore[arg-type]
