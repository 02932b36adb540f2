"""The Swift, given to swift-format and to the compiler for the real iOS triple."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets import ios
from tests.native.ios.ios_sdk import IosSdk
from tests.native.ios.swift import Swift
from tests.native.ios.trials import HERE, swift_in

pytestmark = pytest.mark.native

CASES: Final = HERE.parents[1] / "golden/cases"
TARGETS: Final = ("13.0", "17.0", "26.0", "27.0")


def ios_cases() -> list[str]:
    """Return the golden cases with a service on iOS."""
    specs = {path.parent.name: load_spec(path) for path in sorted(CASES.glob("*/bgsvc.toml"))}
    return [name for name, spec in specs.items() if ios.plan(spec).services]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The iOS folder of each golden case."""
    root = tmp_path_factory.mktemp("cases")
    for case in ios_cases():
        for file in generate(load_spec(CASES / case / "bgsvc.toml"), [ios]):
            path = root / case / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
    return {case: root / case / ios.NAME for case in ios_cases()}


@pytest.fixture(scope="module")
def checked(
    generated: Mapping[str, Path], ios_sdks: Mapping[str, IosSdk]
) -> Mapping[tuple[str, str], str]:
    """What the compiler says of each case, for each target."""
    pairs = list(product(generated, TARGETS))

    def check(pair: tuple[str, str]) -> str:
        return ios_sdks[pair[1]].check(*swift_in(generated[pair[0]] / "Bgsvc"))

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(pairs, pool.map(check, pairs), strict=True))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", ios_cases())
def test_every_case_is_accepted_for_ios(
    checked: Mapping[tuple[str, str], str], case: str, target: str
) -> None:
    assert checked[case, target] == ""


@pytest.mark.parametrize(
    ("guard", "source"),
    [
        ("guard #available(iOS 26.0, *) else { return }", "BgsvcWindow.swift"),
        ("guard #available(iOS 17.0, *) else { return nil }", "BgsvcRequests.swift"),
        ("if #available(iOS 15.0, *) {", "BgsvcNotifications.swift"),
        ("if #available(iOS 26.0, *) {", "BgsvcCapabilities.swift"),
        ("if #available(iOS 27.0, *) {", "BgsvcRequests.swift"),
    ],
)
def test_a_deleted_availability_check_is_noticed(
    ios_sdks: Mapping[str, IosSdk], app: Path, tmp_path: Path, guard: str, source: str
) -> None:
    text = (app / "Bgsvc" / source).read_text(encoding="utf-8")
    assert guard in text
    mutant = tmp_path / source
    mutant.write_text(
        text.replace(guard, "do {" if guard.startswith("if") else ""), encoding="utf-8"
    )
    others = [path for path in swift_in(app / "Bgsvc") if path.name != source]

    said = ios_sdks["13.0"].check(*others, mutant)

    needed = guard.partition("(")[2].partition(",")[0]
    assert f"is only available in {needed} or newer" in said


def test_every_source_is_formatted(swift: Swift, app: Path) -> None:
    # The stubs are not: the names in them are Apple's.
    folders = [app / "Bgsvc", HERE / "driver", *sorted((HERE / "standins").iterdir())]
    sources = [source for folder in folders for source in swift_in(folder)]

    run = swift.run("swift", "format", "lint", "--strict", *sources, app / "Package.swift")

    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_the_package_is_one_that_swiftpm_reads(swift: Swift, app: Path, tmp_path: Path) -> None:
    package = ("swift", "package", "--package-path", app, "--scratch-path", tmp_path)

    run = swift.run(*package, "dump-package")

    assert run.returncode == 0, run.stderr
    targets = {target["name"]: target["type"] for target in json.loads(run.stdout)["targets"]}
    assert targets == {"Python": "binary", "BgsvcCPython": "system", "BgsvcServices": "regular"}
