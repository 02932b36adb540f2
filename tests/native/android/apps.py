"""Generated source sets, as an app's build would find them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import android
from tests.native.android.tools import Aapt2

CASES: Final = Path(__file__).parents[2] / "golden/cases"


@dataclass(frozen=True)
class App:
    """What was generated for one spec, and what linking it came to.

    Attributes:
        folder: The target's folder: it holds `src/main` and `python`.
        build: What the build made of it.
        said: What aapt2 said; nothing, if all is well.
    """

    spec: Spec
    folder: Path
    build: Path
    said: str

    @property
    def hosts(self) -> tuple[str, ...]:
        return android.plan(self.spec).hosts

    @property
    def source_set(self) -> Path:
        return self.folder / "src/main"

    @property
    def apk(self) -> Path:
        return self.build / "app.apk"

    @property
    def own_sources(self) -> tuple[Path, ...]:
        """What Kotlin is given beside the support sources: the generated classes and `R`."""
        package = self.spec.app.id.replace(".", "/")
        return (self.source_set / "kotlin" / package, self.build / "java")

    @property
    def support_sources(self) -> Path:
        return self.source_set / "kotlin/dev"


def golden_names() -> list[str]:
    """Return the golden cases with a service on Android."""
    specs = {path.parent.name: load_spec(path) for path in sorted(CASES.glob("*/bgsvc.toml"))}
    return [name for name, spec in specs.items() if android.plan(spec).services]


def golden_apps(names: Iterable[str], aapt2: Aapt2, folder: Path) -> dict[str, App]:
    """Generate and link golden cases, each under an id of its own: so all compile at once."""
    apps: dict[str, App] = {}
    for name in names:
        spec = load_spec(CASES / name / "bgsvc.toml")
        app_id = f"golden.{name.replace('-', '')}"
        apps[name] = linked(replace(spec, app=replace(spec.app, id=app_id)), aapt2, folder / name)
    return apps


def linked(spec: Spec, aapt2: Aapt2, folder: Path) -> App:
    """Generate `spec` for Android and link what came of it."""
    for file in generate(spec, [android]):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    target = folder / android.NAME
    said = aapt2.link(target / "src/main", spec.app.id, folder / "build")
    return App(spec, target, folder / "build", said)
