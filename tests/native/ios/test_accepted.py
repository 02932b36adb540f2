"""Check the Swift with swift-format, and with the compiler for the real iOS triple."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.model import App, Continued, Ios, Label, Processing, Refresh, Service, Spec
from bgsvc_gen.targets import ios
from tests.native.ios.ios_sdk import IosSdk
from tests.native.ios.scenarios import HERE, others_of, swift_in
from tests.native.ios.swift import Swift

pytestmark = pytest.mark.native

CASES: Final = HERE.parents[1] / "golden/cases"
TARGETS: Final = ("13.0", "17.0", "26.0", "27.0")
OWN: Final = "BgsvcServices.swift"
"""The source that is generated for an app; the others are support."""


def ios_cases() -> list[str]:
    """Return the golden cases with a service on iOS."""
    specs = {path.parent.name: load_spec(path) for path in sorted(CASES.glob("*/bgsvc.toml"))}
    return [name for name, spec in specs.items() if ios.plan(spec).services]


ALONE: Final = {
    "refresh": Ios(refresh=Refresh()),
    "processing": Ios(processing=Processing()),
    "health research": Ios(processing=Processing(health_research=True)),
    "continued": Ios(continued=Continued("Working")),
    "foreground": Ios(foreground=True),
}
"""Apps of one service with one kind of task."""

APPS: Final = (*ios_cases(), *ALONE)


def spec_of(app: str) -> Spec:
    if app not in ALONE:
        return load_spec(CASES / app / "bgsvc.toml")
    service = Service("only", "a.b:C", Label("Only"), ios=ALONE[app])
    return Spec(App("com.example.alone", "Alone"), (service,), allow=())


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The Swift sources of each app."""
    root = tmp_path_factory.mktemp("apps")
    for app in APPS:
        for file in generate(spec_of(app), [ios]):
            path = root / app / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
    return {app: root / app / ios.NAME / "Bgsvc" for app in APPS}


@pytest.fixture(scope="module")
def app_diagnostics(
    generated: Mapping[str, Path], ios_sdks: Mapping[str, IosSdk]
) -> Mapping[tuple[str, str], str]:
    """The diagnostics of each app's own source, by app and target."""
    pairs = list(product(APPS, TARGETS))

    def check(pair: tuple[str, str]) -> str:
        source = generated[pair[0]] / OWN
        return ios_sdks[pair[1]].check_one(source, others_of(source))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(pairs, pool.map(check, pairs), strict=True))


@pytest.fixture(scope="module")
def support_diagnostics(
    generated: Mapping[str, Path], ios_sdks: Mapping[str, IosSdk]
) -> Mapping[str, str]:
    """What the compiler says of everything that an app has, for each target."""
    sources = swift_in(generated[APPS[0]])

    def check(target: str) -> str:
        return ios_sdks[target].check(*sources)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(TARGETS, pool.map(check, TARGETS), strict=True))


@pytest.mark.parametrize("target", TARGETS)
def test_all_sources_compile_for_each_ios(
    support_diagnostics: Mapping[str, str], target: str
) -> None:
    assert support_diagnostics[target] == ""


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("app", APPS)
def test_own_source_of_each_app_compiles_for_each_ios(
    app_diagnostics: Mapping[tuple[str, str], str], app: str, target: str
) -> None:
    assert app_diagnostics[app, target] == ""


def test_support_sources_are_the_same_in_every_app(
    generated: Mapping[str, Path],
) -> None:
    supports = [
        {path.name: path.read_bytes() for path in swift_in(folder) if path.name != OWN}
        for folder in generated.values()
    ]

    assert all(each == supports[0] for each in supports)
    assert all((folder / OWN).is_file() for folder in generated.values())


GUARDS: Final = [
    ("guard #available(iOS 26.0, *) else { return }", "BgsvcWindow.swift"),
    ("guard #available(iOS 17.0, *) else { return nil }", "BgsvcRequests.swift"),
    ("if #available(iOS 15.0, *) {", "BgsvcNotifications.swift"),
    ("if #available(iOS 26.0, *) {", "BgsvcCapabilities.swift"),
    ("if #available(iOS 27.0, *) {", "BgsvcRequests.swift"),
]


@pytest.mark.parametrize(("guard", "source"), GUARDS)
def test_source_without_its_availability_check_does_not_compile(
    ios_sdks: Mapping[str, IosSdk], app: Path, tmp_path: Path, guard: str, source: str
) -> None:
    text = (app / "Bgsvc" / source).read_text(encoding="utf-8")
    assert guard in text
    mutant = tmp_path / source
    mutant.write_text(
        text.replace(guard, "do {" if guard.startswith("if") else ""), encoding="utf-8"
    )

    diagnostics = ios_sdks["13.0"].check_one(mutant, others_of(app / "Bgsvc" / source))

    needed = guard.partition("(")[2].partition(",")[0]
    assert f"is only available in {needed} or newer" in diagnostics


def test_every_source_passes_swift_format(swift: Swift, app: Path) -> None:
    # Without the stubs: Apple's names in them break the rules.
    folders = [app / "Bgsvc", HERE / "driver", *sorted((HERE / "standins").iterdir())]
    sources = [source for folder in folders for source in swift_in(folder)]

    run = swift.run("swift", "format", "lint", "--strict", *sources, app / "Package.swift")

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_swift_package_is_read_by_swiftpm(swift: Swift, app: Path, tmp_path: Path) -> None:
    package = ("swift", "package", "--package-path", app, "--scratch-path", tmp_path)

    run = swift.run(*package, "dump-package")

    assert run.returncode == 0, run.stderr
    targets = {target["name"]: target["type"] for target in json.loads(run.stdout)["targets"]}
    assert targets == {"Python": "binary", "BgsvcCPython": "system", "BgsvcServices": "regular"}
