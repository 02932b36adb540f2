"""Findings of `bgsvc-gen doctor android` about an app on disk."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.doctor.android import CODES, check_manifest, codes
from bgsvc_gen.doctor.android_app import check_android
from bgsvc_gen.doctor.android_manifest import read_manifest
from bgsvc_gen.errors import BgsvcGenError
from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets import android

GOLDEN = Path(__file__).parents[1] / "golden/cases"
SPEC = """
[app]
id = "com.example.notes"
[services.sync]
entry = "notes.sync:Sync"
[services.sync.android]
types = ["dataSync"]
on_timeout = "reschedule"
"""
LEVELS = '<uses-sdk android:minSdkVersion="26" android:targetSdkVersion="36" />\n    <application>'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A built app: its merged manifest, Gradle file and copy of the runtime."""
    spec = tmp_path / "bgsvc.toml"
    spec.write_text(SPEC, encoding="utf-8")
    app = tmp_path / "app"
    for file in generate(load_spec(spec), [android]):
        path = tmp_path / "native/bgsvc" / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)
    merged = app / "build/intermediates/merged_manifests/debug/AndroidManifest.xml"
    merged.parent.mkdir(parents=True)
    generated = tmp_path / "native/bgsvc/android/src/main/AndroidManifest.xml"
    text = generated.read_text(encoding="utf-8").replace("<application>", LEVELS)
    merged.write_text(text, encoding="utf-8")
    script = 'apply(from = "../native/bgsvc/android/bgsvc.gradle")\n'
    app.joinpath("build.gradle.kts").write_text(script, encoding="utf-8")
    return tmp_path


def plan_of(project: Path) -> android.AndroidPlan:
    return android.plan(load_spec(project / "bgsvc.toml"))


def find_codes(project: Path, path: Path) -> list[str]:
    return codes(check_android(path, plan_of(project)))


def replace_text(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_complete_app_has_no_finding(project: Path) -> None:
    assert find_codes(project, project) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('minSdkVersion="26"', 'minSdkVersion="21"', "DA009"),
        ('targetSdkVersion="36"', 'targetSdkVersion="37"', "DA015"),
        ('targetSdkVersion="36"', 'targetSdkVersion="33"', "DA008"),
        ("com.example.notes.bgsvc.SyncService", "com.example.Other", "DA001"),
        ("com.example.notes.bgsvc.SyncJob", "com.example.Other", "DA001"),
        ('"dataSync"', '"fileManagement"', "DA002"),
        ("FOREGROUND_SERVICE_DATA_SYNC", "INTERNET", "DA003"),
        ('exported="false"', 'exported="true"', "DA005"),
        ("BIND_JOB_SERVICE", "INTERNET", "DA007"),
    ],
)
def test_faulty_merged_manifest_has_a_finding(old: str, new: str, code: str, project: Path) -> None:
    [merged] = project.rglob("merged_manifests/debug/AndroidManifest.xml")
    replace_text(merged, old, new)

    assert code in find_codes(project, project)
    assert code in find_codes(project, merged)


@pytest.mark.parametrize("lost", ["DoorService", "dev.bgsvc.BootReceiver"])
def test_lost_direct_boot_has_a_finding(lost: str) -> None:
    spec = load_spec(GOLDEN / "android-direct-boot/bgsvc.toml")
    [text] = [
        file.content.decode()
        for file in generate(spec, [android])
        if file.path.name == "AndroidManifest.xml"
    ]
    whole = text.replace("<application>", LEVELS)
    declared = f'{lost}"\n            android:directBootAware="'
    assert f"{declared}true" in whole
    broken = whole.replace(f"{declared}true", f"{declared}false")

    codes_of = {
        name: codes(check_manifest(ET.fromstring(manifest), android.plan(spec)))  # noqa: S314
        for name, manifest in (("whole", whole), ("broken", broken))
    }
    assert codes_of == {"whole": [], "broken": ["DA016"]}


def test_gradle_file_without_the_script_has_a_finding(project: Path) -> None:
    project.joinpath("app/build.gradle.kts").write_text("plugins {}\n", encoding="utf-8")

    assert find_codes(project, project) == ["DA012"]


@pytest.mark.parametrize("index", [0, -1], ids=["at the top", "in a subpackage"])
def test_runtime_of_another_version_has_a_finding(project: Path, index: int) -> None:
    [package] = project.rglob("bgsvc/__init__.py")
    modules = sorted(package.parent.rglob("*.py"), key=lambda path: len(path.parts))
    modules[index].write_text("OLD = True\n", encoding="utf-8")

    assert find_codes(project, project) == ["DA011"]


def test_project_without_a_build_is_an_error(project: Path) -> None:
    with pytest.raises(BgsvcGenError, match="no merged manifest"):
        list(check_android(project / "native", plan_of(project)))


@pytest.mark.parametrize("content", [b"", b"\x03\x00\x08\x00", b"<manifest", b"PK\x03\x04"])
def test_file_that_is_not_a_manifest_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "AndroidManifest.xml"
    path.write_bytes(content)

    with pytest.raises(BgsvcGenError, match="no readable manifest"):
        read_manifest(path)


def test_command_prints_findings_as_json(project: Path) -> None:
    project.joinpath("app/build.gradle.kts").write_text("plugins {}\n", encoding="utf-8")
    command = ["doctor", "android", str(project), "--spec", str(project / "bgsvc.toml")]
    run = CliRunner().invoke(main, [*command, "--format", "json"])

    assert run.exit_code == 1
    [finding] = json.loads(run.stdout)
    assert finding["code"] == "DA012"
    assert "bgsvc.gradle" in finding["fix"]


def test_finding_has_a_known_code(project: Path) -> None:
    root = read_manifest(next(project.rglob("merged_manifests/debug/AndroidManifest.xml")))
    root.clear()

    assert set(codes(check_manifest(root, plan_of(project)))) <= CODES.keys()
