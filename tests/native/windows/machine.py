"""A Windows machine with a virtual environment in it, and bgsvc and the trial services in that."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from select import select
from typing import Any, Final
from xml.sax.saxutils import escape

from bgsvc_gen.render import render
from bgsvc_gen.spec.model import App, Desktop, Label, Restart, RestartOn, Scope, Service, Spec
from bgsvc_gen.targets import windows
from tests.native.windows.winebox import TIMEOUT, Completed, WineBox, windows_path

REPOSITORY: Final = Path(__file__).parents[3]
APP: Final = "com.example.trial"
TICK: Final = f"{APP}.tick"
FOLDER: Final = "Trials & Co 100%"
ENVIRONMENT: Final = f"C:\\{FOLDER}\\venv"
"""What a careless command line falls over."""


Facts = dict[str, Any]
"""What a trial service found around itself."""


class Machine:
    """The machine as a person at its command line has it."""

    def __init__(self, box: WineBox) -> None:
        self.box = box
        self.installed: set[str] = set()
        self.python = f"{ENVIRONMENT}\\Scripts\\python.exe"
        self._console: subprocess.Popen[str] | None = None
        self.packages = box.drive / FOLDER / "venv/Lib/site-packages"
        _make_environment(box)

    def bgsvc(self, *words: str) -> Completed:
        """Run `python -m bgsvc`, in a process that stays for the next command."""
        return self._told("bgsvc", *words)

    def bgsvc_alone(self, *words: str, environment: Mapping[str, str] | None = None) -> Completed:
        """Run `python -m bgsvc` in a process of its own."""
        return self.box.run(self.python, "-m", "bgsvc", *words, environment=environment)

    def reboot(self) -> None:
        """End everything at once, as a power cut does, and start the machine again."""
        self.leave()
        self.box.reboot()

    def leave(self) -> None:
        """Close the console."""
        if self._console is not None:
            self._console.communicate(timeout=60)
            self._console = None

    def done(self, *words: str) -> dict[str, Any]:
        """Run a command that has to work, and return what it says of the service."""
        run = self.bgsvc(*words, "--json")
        assert run.returncode == 0, run.stdout + run.stderr
        said: dict[str, Any] = json.loads(run.stdout)
        if words[0] == "install":
            self.installed.add(said["label"])
        return said

    def code(self, source: str) -> str:
        """Run Python source that has to work, and return what it prints."""
        run = self._told("code", source)
        assert run.returncode == 0, f"{run.returncode}: {run.stdout}{run.stderr}"
        return run.stdout.strip()

    def write(self, name: str, content: bytes) -> str:
        """Put a file on drive C, and return how Windows names it."""
        (self.box.drive / name).write_bytes(content)
        return f"C:\\{name}"

    @property
    def diary(self) -> list[str]:
        """What the service `tick`, or another that is alone, has written down."""
        return self.diary_of("tick")

    def diary_of(self, name: str) -> list[str]:
        """Return what a trial service has written down."""
        path = self.box.drive / f"trial/{name}.diary"
        return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []

    @property
    def facts(self) -> Facts:
        """What the service `tick` found around itself."""
        text = (self.box.drive / "trial/tick.json").read_text(encoding="utf-8")
        found: Facts = json.loads(text)
        return found

    def _told(self, *words: str) -> Completed:
        """Have the console do something."""
        if self._console is None:
            self._console = self.box.start(self.python, "-X", "utf8", "-m", "console")
        assert self._console.stdin
        assert self._console.stdout
        self._console.stdin.write(json.dumps(words) + "\n")
        self._console.stdin.flush()
        ready, _, _ = select([self._console.stdout], [], [], TIMEOUT)
        answer = self._console.stdout.readline() if ready else ""
        assert answer, self._console.stderr and self._console.stderr.read()
        return Completed(list(words), *json.loads(answer))

    def forget(self) -> None:
        """Remove the services that were installed, and what they have written and kept."""
        for label in sorted(self.installed):
            self.bgsvc("uninstall", label, "--scope", "system")
        self.installed.clear()
        shutil.rmtree(self.box.drive / "trial", ignore_errors=True)
        for kept in self.box.drive.glob(f"**/{APP}"):
            shutil.rmtree(kept)


def installed(machine: Machine, content: bytes) -> dict[str, Any]:
    """Install a service, and return its status."""
    return machine.done("install", machine.write("service.xml", content))


def definition(  # noqa: PLR0913 - what tests vary
    entry: str = "trial:Tick",
    name: str = "tick",
    *,
    scope: Scope = "system",
    boot: bool = True,
    restart: RestartOn = "failure",
    label: str = "",
    timeout: float = 2.5,
    desktop: Desktop | None = None,
) -> bytes:
    """Return the file that the generator writes for a service."""
    service = Service(
        name,
        entry,
        Label(label or f"Trial {name}"),
        start_on_boot=boot,
        restart=Restart(restart, delay=0.25),
        stop_timeout=timeout,
        desktop=desktop or Desktop(scope),
    )
    allowed = ("is-service-running", "get-service-state")
    (file,) = render(windows.plan(Spec(App(APP, "Trial"), (service,), allowed)))
    return file.content


def with_arguments(content: bytes, line: str) -> bytes:
    """Return a service's file with more on its command line."""
    return content.replace(b"</arguments>", f" {escape(line)}</arguments>".encode())


def eventually(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait until `condition` holds; False if it never does."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _make_environment(box: WineBox) -> None:
    """Make what `python -m venv --symlinks` does; Wine lacks the CopyFile2 that it uses."""
    environment = box.drive / FOLDER / "venv"
    packages = environment / "Lib/site-packages"
    packages.mkdir(parents=True)
    (environment / "Scripts").mkdir()
    for name in ("python.exe", "python313.dll"):
        (environment / "Scripts" / name).symlink_to(box.python_home / name)
    home = f"home = {windows_path(box.python_home)}\n"
    (environment / "pyvenv.cfg").write_text(home, encoding="utf-8")
    _write_path(packages / "trial.pth", (REPOSITORY / "runtime", Path(__file__).with_name("app")))


def _write_path(file: Path, folders: Iterable[Path]) -> None:
    file.write_text("".join(f"{windows_path(each)}\n" for each in folders), encoding="utf-8")
