"""Android Lint reports nothing about generated files, and a planted defect.

`bgsvc-gen doctor` reports the defects that Lint misses: one of the two reports each.
"""

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.doctor.android import check_manifest, codes
from bgsvc_gen.doctor.android_manifest import NAMESPACE, read_manifest
from bgsvc_gen.targets import android
from tests.native.android.apps import App, golden_names
from tests.native.android.lint import Findings, Lint, Module
from tests.native.android.maven import ClassPath
from tests.native.android.sdk import android_jar
from tests.native.android.tools import Java
from tests.native.products import products

pytestmark = pytest.mark.native

NOTIFICATIONS: Final = "kotlin/dev/bgsvc/Notifications.kt"
SCAFFOLD: Final = "scaffold"
"""Beside the golden cases: a service of each type, written by `bgsvc-gen android --type`."""
WHOLE: Final = ("full", "android-job")
"""A case of each host, in which Lint sees the support sources; and one of jobs alone."""


@dataclass(frozen=True)
class Defect:
    """A golden case with a defect, and which tool reports it.

    Attributes:
        without: The element to leave out of the merged manifest: a tag, and its name's ending.
        attribute: An attribute to set, or to remove with the empty string: tag, key, value.
        source: A source to break: file, the old text, the new text.
        lint: The issue that Lint reports.
        doctor: The code that the doctor reports.
    """

    case: str
    without: tuple[str, str] | None = None
    attribute: tuple[str, str, str] | None = None
    source: tuple[str, str, str] | None = None
    lint: str | None = None
    doctor: str | None = None


DEFECTS: Final[Mapping[str, Defect]] = {
    "type's permission": Defect(
        "android-data-sync",
        without=("uses-permission", "FOREGROUND_SERVICE_DATA_SYNC"),
        lint="ForegroundServicePermission",
        doctor="DA003",
    ),
    "base permission": Defect(
        "android-data-sync", without=("uses-permission", ".FOREGROUND_SERVICE"), doctor="DA003"
    ),
    "notification permission": Defect(
        "android-data-sync",
        without=("uses-permission", "POST_NOTIFICATIONS"),
        source=(NOTIFICATIONS, "STEPS = 1000", "STEPS = 1_000"),
        lint="NotificationPermission",
        doctor="DA003",
    ),
    "location permission": Defect(
        "android-location",
        without=("uses-permission", "COARSE_LOCATION"),
        lint="ForegroundServicePermission",
        doctor="DA004",
    ),
    "health permission": Defect(
        "android-health",
        without=("uses-permission", "HIGH_SAMPLING_RATE_SENSORS"),
        lint="ForegroundServicePermission",
        doctor="DA004",
    ),
    "device permission": Defect(
        "android-connected-device",
        without=("uses-permission", "CHANGE_NETWORK_STATE"),
        doctor="DA003",
    ),
    "type": Defect(
        "android-data-sync",
        attribute=("service", "foregroundServiceType", ""),
        doctor="DA002",
    ),
    "another type": Defect(
        "android-data-sync",
        attribute=("service", "foregroundServiceType", "location"),
        doctor="DA002",
    ),
    "exported service": Defect(
        "android-data-sync",
        attribute=("service", "exported", "true"),
        lint="ExportedService",
        doctor="DA005",
    ),
    "service not registered": Defect(
        "android-data-sync", without=("service", "SyncService"), doctor="DA001"
    ),
    "no such class": Defect(
        "android-data-sync",
        attribute=("service", "name", "golden.androiddatasync.bgsvc.Missing"),
        lint="MissingClass",
        doctor="DA001",
    ),
    "special use's property": Defect(
        "android-special-use", without=("property", "FGS_SUBTYPE"), doctor="DA006"
    ),
    "boot receiver": Defect("full", without=("receiver", "BootReceiver"), doctor="DA010"),
    "receiver that cannot start before the first unlock": Defect(
        "android-direct-boot", attribute=("receiver", "directBootAware", "false"), doctor="DA016"
    ),
    "service that cannot start before the first unlock": Defect(
        "android-direct-boot", attribute=("service", "directBootAware", "false"), doctor="DA016"
    ),
    "open boot receiver": Defect(
        "full", attribute=("receiver", "exported", "true"), doctor="DA005"
    ),
    "boot permission": Defect(
        "full", without=("uses-permission", "RECEIVE_BOOT_COMPLETED"), doctor="DA003"
    ),
    "job that anybody may bind to": Defect(
        "android-job", attribute=("service", "permission", ""), doctor="DA007"
    ),
    "job not registered": Defect("android-job", without=("service", "SyncJob"), doctor="DA001"),
    "old minSdk": Defect(
        "android-data-sync", attribute=("uses-sdk", "minSdkVersion", "23"), doctor="DA009"
    ),
    "newer target": Defect(
        "android-data-sync", attribute=("uses-sdk", "targetSdkVersion", "37"), doctor="DA015"
    ),
    "unguarded call": Defect(
        "android-data-sync",
        source=(NOTIFICATIONS, ".setOnlyAlertOnce(true)", ".setForegroundServiceBehavior(1)"),
        lint="NewApi",
    ),
    "mutable intent": Defect(
        "android-data-sync",
        source=(NOTIFICATIONS, "PendingIntent.FLAG_IMMUTABLE", "0"),
        lint="UnspecifiedImmutableFlag",
    ),
}


def test_every_planted_defect_names_a_tool_that_reports_it() -> None:
    assert [name for name, each in DEFECTS.items() if not each.lint and not each.doctor] == []


@pytest.fixture(scope="module")
def linted(  # noqa: PLR0913, PLR0917 - fixtures
    golden: Mapping[str, App],
    scaffold: App,
    java: Java,
    jars: Mapping[str, ClassPath],
    sdk: Path,
    kotlin_stdlib: Path,
    support_jar: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Findings:
    """Lint's findings on each golden case, on the support sources, and on each defect."""
    folder = tmp_path_factory.mktemp("lint")
    platform = (android_jar(sdk, 36), kotlin_stdlib, *jars["chaquopy"])
    apps = {**golden, SCAFFOLD: scaffold}
    modules = modules_of(apps, folder / "modules", platform, support_jar)
    return Lint(java, jars["lint"], sdk, products()).findings(modules, folder)


def modules_of(
    apps: Mapping[str, App], folder: Path, platform: ClassPath, support_jar: Path
) -> Iterator[Module]:
    """Yield each case as a module; most of them use the classes of the support sources.

    With the sources Lint takes ten times longer, and they are the same in each case.
    """
    compiled = (support_jar, *platform)
    for name, app in apps.items():
        class_path = platform if name in WHOLE else compiled
        yield module_of(app, folder / name, golden_manifest(app), class_path, whole=name in WHOLE)
    for name, defect in DEFECTS.items():
        if defect.lint:
            app = apps[defect.case]
            module = module_of(app, folder / name, broken(app, defect), compiled)
            if defect.source is not None:
                plant(app, module.folder, defect.source)
            yield module


def module_of(
    app: App, folder: Path, manifest: ET.Element, class_path: ClassPath, *, whole: bool = False
) -> Module:
    """Copy an app into `folder`: its own sources alone, or the support sources as well."""
    source = "." if whole else app.spec.app.id.replace(".", "/")
    kotlin = folder / "src"
    shutil.copytree(app.source_set / "kotlin" / source, kotlin / "kotlin" / source)
    if whole:
        shutil.copytree(app.source_set / "java", kotlin / "java")
    shutil.copytree(app.build / "java", folder / "java")
    resources = folder / "res"
    shutil.copytree(app.source_set / "res", resources)
    path = folder / "AndroidManifest.xml"
    ET.ElementTree(manifest).write(path, encoding="utf-8")
    return Module(folder, path, (kotlin, folder / "java"), class_path, (resources,))


def plant(app: App, folder: Path, source: tuple[str, str, str]) -> None:
    """Put one support source of the app into `folder`, broken."""
    name, old, new = source
    text = app.source_set.joinpath(name).read_text(encoding="utf-8")
    assert old in text
    file = folder / "src" / name
    file.parent.mkdir(parents=True)
    file.write_text(text.replace(old, new), encoding="utf-8")


def golden_manifest(app: App) -> ET.Element:
    return ET.parse(app.manifest).getroot()  # noqa: S314 - our own


def broken(app: App, defect: Defect) -> ET.Element:
    """Return the app's merged manifest with the defect in it."""
    root = golden_manifest(app)
    if defect.without is not None:
        tag, ending = defect.without
        [(parent, element)] = [
            (parent, element)
            for parent in root.iter()
            for element in parent.findall(tag)
            if element.get(f"{NAMESPACE}name", "").endswith(ending)
        ]
        parent.remove(element)
    if defect.attribute is not None:
        tag, key, value = defect.attribute
        element = next(root.iter(tag))
        element.attrib.pop(NAMESPACE + key)
        if value:
            element.set(NAMESPACE + key, value)
    return root


def test_lint_reads_every_support_source(golden: Mapping[str, App]) -> None:
    seen = {file.name for name in WHOLE for file in sources_of(golden[name])}

    assert {file.name for app in golden.values() for file in sources_of(app)} == seen


def sources_of(app: App) -> list[Path]:
    return [file for folder in app.support_sources for file in folder.rglob("*.*")]


@pytest.mark.parametrize("name", [*golden_names(), SCAFFOLD])
def test_lint_has_no_finding(name: str, linted: Findings) -> None:
    assert linted.get(name, []) == []


def test_lint_has_no_finding_on_its_own_call(
    linted: Findings,
) -> None:
    assert linted.keys() <= {*golden_names(), SCAFFOLD, *DEFECTS}


@pytest.mark.parametrize("name", [name for name, each in DEFECTS.items() if each.lint])
def test_lint_reports_a_planted_defect(name: str, linted: Findings) -> None:
    issues = {finding.partition(":")[0] for finding in linted.get(name, [])}

    assert DEFECTS[name].lint in issues


@pytest.mark.parametrize("name", golden_names())
def test_doctor_has_no_finding(name: str, golden: Mapping[str, App]) -> None:
    app = golden[name]
    plan = android.plan(app.spec)

    assert list(check_manifest(read_manifest(app.manifest), plan)) == []
    assert list(check_manifest(read_manifest(app.apk), plan)) == []


@pytest.mark.parametrize("name", [name for name, each in DEFECTS.items() if each.doctor])
def test_doctor_reports_a_planted_defect(name: str, golden: Mapping[str, App]) -> None:
    defect = DEFECTS[name]
    app = golden[defect.case]
    reported = codes(check_manifest(broken(app, defect), android.plan(app.spec)))

    assert defect.doctor in reported
