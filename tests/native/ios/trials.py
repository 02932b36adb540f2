"""The driver's scenarios: built with stand-ins for Apple's frameworks, run with CPython inside."""

import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.model import App, Ios, Label, Service, Spec
from bgsvc_gen.targets import ios
from tests.native.ios.swift import Build

HERE: Final = Path(__file__).parent
STANDINS: Final = ("BackgroundTasks", "UIKit", "UserNotifications")
VECTORS: Final = HERE.parents[1] / "vectors"
REPOSITORY: Final = HERE.parents[2]

Mutation = Callable[[str], str]


def scenario_names() -> list[str]:
    """Return the scenarios, each the sentence that it shows to be true."""
    found: list[str] = []
    for source in sorted((HERE / "driver").glob("*Scenarios.swift")):
        text = source.read_text(encoding="utf-8")
        found += re.findall(r'^  "(.+)": \{$', text, re.MULTILINE)
    return found


def write_app(folder: Path, mutations: Mapping[str, Mutation] | None = None) -> Path:
    """Generate an app's files into `folder`, with changes to some of the support sources."""
    service = Service("unused", "trials:Quick", Label("Unused"), ios=Ios(foreground=True))
    spec = Spec(App("org.example.trials", "Trials"), (service,), allow=())
    left = dict(mutations or {})
    for file in generate(spec, [ios]):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = file.content
        if mutate := left.pop(path.name, None):
            changed = mutate(content.decode()).encode()
            if changed == content:
                raise ValueError(f"{path.name} has nothing to change")
            content = changed
        path.write_bytes(content)
    if left:
        raise ValueError(f"no such source: {', '.join(left)}")
    return folder / ios.NAME


def build_standins(build: Build) -> str:
    """Build the stand-ins; return what the compiler says."""
    said = (build.module(name, swift_in(HERE / "standins" / name)) for name in STANDINS)
    return "".join(said)


def build_driver(build: Build, app: Path) -> str:
    """Build the driver with the services of `app`; return what the compiler says."""
    said = build.module("BgsvcServices", swift_in(app / "Bgsvc"), how=())
    said = said or build.objects("driver", swift_in(HERE / "driver"))
    return said or build.program("driver", sorted(build.folder.glob("*.o")))


def build_mutant(original: Build, build: Build, app: Path, changed: str) -> str:
    """Build a driver again, of which one source of `app` is changed; return what is said."""
    source = app / "Bgsvc" / changed
    left_out = original.object("BgsvcServices", source)
    for path in original.folder.iterdir():
        if path.suffix in {".o", ".swiftmodule"} and path != left_out:
            (build.folder / path.name).symlink_to(path)
    said = build.module_object("BgsvcServices", source, others_of(source))
    return said or build.program("driver", sorted(build.folder.glob("*.o")))


def swift_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.swift"))


def others_of(source: Path) -> list[Path]:
    """Return the rest of the module that `source` is in."""
    return [path for path in swift_in(source.parent) if path != source]


@dataclass(frozen=True)
class Driver:
    """A built driver, the app whose runtime it loads, and the seconds a condition may take."""

    build: Build
    app: Path
    patience: str = "30"

    def run(self, scenario: str, home: Path) -> subprocess.CompletedProcess[str]:
        """Run one scenario in a process of its own."""
        home.mkdir()
        paths = (self.app.parent / "python/site-packages", HERE / "python", REPOSITORY)
        environment = {
            "HOME": str(home),
            "TRIAL_PYTHON": str(self.build.cpython),
            "TRIAL_PATHS": ":".join(map(str, paths)),
            "TRIAL_VECTORS": str(VECTORS),
            "TRIAL_PATIENCE": self.patience,
        }
        return self.build.run("driver", scenario, environment=environment)

    def run_all(
        self, scenarios: Iterable[str], homes: Path
    ) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run scenarios, two at a time: most of them wait."""
        names = list(scenarios)
        folders = [homes / str(number) for number in range(len(names))]
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(names, pool.map(self.run, names, folders), strict=True))
