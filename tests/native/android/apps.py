"""Generated source sets, laid out as for an app's build."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.pipeline import generate
from bgsvc_gen.runtime_copy import PYTHON_PATH
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import android
from tests.native.android.maven import ClassPath
from tests.native.android.merger import Merging, merge
from tests.native.android.tools import Aapt2, Java

CASES: Final = Path(__file__).parents[2] / "golden/cases"
SOURCE_SET: Final = Path(android.NAME) / android.MAIN
NAME: Final = "AndroidManifest.xml"


@dataclass(frozen=True)
class App:
    """What was generated for one spec, and the result of linking it.

    Attributes:
        folder: The target's folder: it holds `src/main`.
        build: The folder with the build's products.
        problems: What the merger or aapt2 printed; empty on success.
    """

    spec: Spec
    folder: Path
    build: Path
    problems: str

    @property
    def hosts(self) -> tuple[str, ...]:
        return android.plan(self.spec).hosts

    @property
    def source_set(self) -> Path:
        return self.folder / "src/main"

    @property
    def python_path(self) -> Path:
        """Where the copy of the runtime is, beside the target's folder."""
        return self.folder.parent / PYTHON_PATH

    @property
    def apk(self) -> Path:
        return self.build / "app.apk"

    @property
    def own_sources(self) -> tuple[Path, ...]:
        """The sources beside the support sources: the generated classes and `R`."""
        package = self.spec.app.id.replace(".", "/")
        return (self.source_set / "kotlin" / package, self.build / "java")

    @property
    def support_sources(self) -> tuple[Path, ...]:
        return (self.source_set / "kotlin/dev", self.source_set / "java")

    @property
    def manifest(self) -> Path:
        """The app's manifest, with the generated one in it."""
        return self.build / "AndroidManifest.xml"

    @property
    def oldest_platform(self) -> int:
        """The first API level that has all of the types."""
        services = self.spec.services
        types = (name for each in services for name in each.android.types)
        return max((SERVICE_TYPES[name].since for name in types), default=26)


def golden_names() -> list[str]:
    """Return the golden cases with a service on Android."""
    specs = {path.parent.name: load_spec(path) for path in sorted(CASES.glob("*/bgsvc.toml"))}
    return [name for name, spec in specs.items() if android.plan(spec).hosts]


@dataclass(frozen=True)
class Build:
    """Merges and links source sets as an app's build would, without the classes."""

    java: Java
    merger: ClassPath
    aapt2: Aapt2

    def golden_apps(self, names: Iterable[str], folder: Path) -> dict[str, App]:
        """Build golden cases, each with its own app id, so that all can be compiled together."""
        specs: dict[str, Spec] = {}
        for name in names:
            spec = load_spec(CASES / name / "bgsvc.toml")
            app_id = f"golden.{name.replace('-', '')}"
            specs[name] = replace(spec, app=replace(spec.app, id=app_id))
        for name, spec in specs.items():
            write(spec, folder / name)
        return self.apps({folder / name: spec for name, spec in specs.items()}, folder)

    def apps(
        self, specs: Mapping[Path, Spec], folder: Path, *options: str | Path
    ) -> dict[str, App]:
        """Merge and link the files that were generated into each folder."""
        merges = [
            Merging(spec.app.id, root / SOURCE_SET / NAME, root / "build" / NAME)
            for root, spec in specs.items()
        ]
        failed = merge(self.java, self.merger, merges, folder)
        return {
            root.name: App(
                spec,
                root / android.NAME,
                root / "build",
                failed or self.aapt2.link(root / SOURCE_SET, spec.app.id, root / "build", *options),
            )
            for root, spec in specs.items()
        }


def write(spec: Spec, folder: Path) -> None:
    """Write the files that `spec` generates for Android into `folder`."""
    for file in generate(spec, [android]):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
