"""Build the driver with stand-ins for Apple's frameworks, and run its scenarios."""

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
    """Return the names of the scenarios, each the sentence that it proves."""
    names: list[str] = []
    for source in sorted((HERE / "driver").glob("*Scenarios.swift")):
        text = source.read_text(encoding="utf-8")
        names += re.findall(r'^  "(.+)": \{$', text, re.MULTILINE)
    return names


def write_app(folder: Path, mutations: Mapping[str, Mutation] | None = None) -> Path:
    """Generate an app into `folder`, mutate some of its support sources, and return its folder.

    Raises:
        ValueError: A mutation changes nothing, or its source does not exist.
    """
    service = Service(
        "unused", "scenario_services:Quick", Label("Unused"), ios=Ios(foreground=True)
    )
    spec = Spec(App("org.example.scenarios", "Scenarios"), (service,), allow=())
    unapplied = dict(mutations or {})
    for file in generate(spec, [ios]):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = file.content
        if mutate := unapplied.pop(path.name, None):
            mutated = mutate(content.decode()).encode()
            if mutated == content:
                raise ValueError(f"{path.name} does not contain the text to change")
            content = mutated
        path.write_bytes(content)
    if unapplied:
        raise ValueError(f"no such source: {', '.join(unapplied)}")
    return folder / ios.NAME


def build_standins(build: Build) -> str:
    """Build the stand-ins, and return the diagnostics."""
    diagnostics = (build.module(name, swift_in(HERE / "standins" / name)) for name in STANDINS)
    return "".join(diagnostics)


def build_driver(build: Build, app: Path) -> str:
    """Build the driver with the sources of `app`, and return the diagnostics."""
    diagnostics = build.module("BgsvcServices", swift_in(app / "Bgsvc"), how=())
    diagnostics = diagnostics or build.objects("driver", swift_in(HERE / "driver"))
    return diagnostics or build.program("driver", sorted(build.folder.glob("*.o")))


def build_mutant(original: Build, build: Build, app: Path, mutated: str) -> str:
    """Build a driver in which one source of `app` differs, and return the diagnostics."""
    source = app / "Bgsvc" / mutated
    replaced = original.object("BgsvcServices", source)
    for path in original.folder.iterdir():
        if path.suffix in {".o", ".swiftmodule"} and path != replaced:
            (build.folder / path.name).symlink_to(path)
    diagnostics = build.module_object("BgsvcServices", source, others_of(source))
    return diagnostics or build.program("driver", sorted(build.folder.glob("*.o")))


def swift_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.swift"))


def others_of(source: Path) -> list[Path]:
    """Return the other sources in the module of `source`."""
    return [path for path in swift_in(source.parent) if path != source]


@dataclass(frozen=True)
class Driver:
    """A built driver.

    Attributes:
        app: The app whose runtime it loads.
        timeout_s: How long a scenario waits for a condition, in seconds.
    """

    build: Build
    app: Path
    timeout_s: str = "30"

    def run(self, scenario: str, home: Path) -> subprocess.CompletedProcess[str]:
        """Run one scenario in a process of its own."""
        home.mkdir()
        paths = (self.app.parent / "python/site-packages", HERE / "python", REPOSITORY)
        environment = {
            "HOME": str(home),
            "SCENARIO_PYTHON_HOME": str(self.build.cpython),
            "SCENARIO_PYTHON_PATHS": ":".join(map(str, paths)),
            "SCENARIO_VECTORS": str(VECTORS),
            "SCENARIO_DOCS": str(REPOSITORY / "docs/ios.md"),
            "SCENARIO_TIMEOUT_S": self.timeout_s,
        }
        return self.build.run("driver", scenario, environment=environment)

    def run_all(
        self, scenarios: Iterable[str], homes: Path
    ) -> dict[str, subprocess.CompletedProcess[str]]:
        """Run scenarios, two at a time: most of them only wait."""
        names = list(scenarios)
        folders = [homes / str(number) for number in range(len(names))]
        with ThreadPoolExecutor(2) as pool:
            return dict(zip(names, pool.map(self.run, names, folders), strict=True))
