"""One app, compiled, dexed, signed, and read back as Android would read it."""

import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bgsvc_gen.doctor.android import check_manifest
from bgsvc_gen.doctor.android_manifest import read_manifest
from bgsvc_gen.targets import android
from tests.native.android.apps import App
from tests.native.android.maven import ClassPath
from tests.native.android.sdk import android_jar
from tests.native.android.tools import Aapt2, Java, KotlinCompiler
from tests.native.products import key_of, products, version_of

pytestmark = pytest.mark.native

CASE = "full"
PACKAGE = Path(__file__).with_name("Package.java")
DEX = "classes.dex"
FOR_DEVICES = ("--release", "--min-api", "26")


@pytest.fixture(scope="module")
def dexed(  # noqa: PLR0913, PLR0917 - fixtures
    golden: Mapping[str, App],
    java: Java,
    kotlin: KotlinCompiler,
    jars: Mapping[str, ClassPath],
    sdk: Path,
    kotlin_stdlib: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The app's classes in the form that Android runs."""
    app, folder = golden[CASE], tmp_path_factory.mktemp("dexed")
    platform, classes = android_jar(sdk, 36), folder / "classes"
    sources = [*app.support_sources, *app.own_sources]
    assert kotlin.compile_once(sources, [platform, kotlin_stdlib], classes) == ""
    own_java = [*app.source_set.joinpath("java").rglob("*.java"), *app.build.rglob("R.java")]
    assert java.compile(own_java, [platform], classes) == ""
    compiled = sorted(classes.rglob("*.class"))
    run = java.run(
        *(jars["d8"], "com.android.tools.r8.D8", *FOR_DEVICES),
        *("--lib", platform, "--lib", java.home, "--classpath", kotlin_stdlib),
        "--output",
        folder,
        *compiled,
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")
    return folder / DEX


@pytest.fixture(scope="module")
def signed(
    golden: Mapping[str, App],
    dexed: Path,
    java: Java,
    jars: Mapping[str, ClassPath],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The app, packaged and signed with a key made for it."""
    folder = tmp_path_factory.mktemp("signed")
    unsigned, apk, key = folder / "unsigned.apk", folder / "app.apk", folder / "key.p12"
    unsigned.write_bytes(golden[CASE].apk.read_bytes())
    with zipfile.ZipFile(unsigned, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.write(dexed, DEX)
    subprocess.run(
        [
            *(java.home / "bin/keytool", "-genkeypair", "-keystore", key, "-storetype", "PKCS12"),
            *("-storepass", "sample", "-alias", "sample", "-dname", "CN=sample"),
            *("-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2"),
        ],
        check=True,
        capture_output=True,
    )
    run = java.run(jars["apksig"], PACKAGE, unsigned, apk, key, "sample")
    assert run.stdout == "verified true\nv2 true v3 true\n", run.stderr
    return apk


def test_dex_has_the_classes_that_the_manifest_names(
    golden: Mapping[str, App], dexed: Path
) -> None:
    content = dexed.read_bytes()

    for service in android.plan(golden[CASE].spec).services:
        assert f"L{service.qualified_class.replace('.', '/')};".encode() in content


def test_signed_app_has_no_finding(golden: Mapping[str, App], signed: Path) -> None:
    plan = android.plan(golden[CASE].spec)

    assert list(check_manifest(read_manifest(signed), plan)) == []


def test_aapt2_reads_from_the_signed_app_what_is_in_the_plan(
    golden: Mapping[str, App], signed: Path, aapt2: Aapt2
) -> None:
    plan = android.plan(golden[CASE].spec)
    badging = aapt2.badging_of(signed)

    assert f"package: name='{golden[CASE].spec.app.id}'" in badging
    for permission in plan.permissions:
        assert f"uses-permission: name='{permission}'" in badging
    for feature in plan.features:
        assert f"uses-feature-not-required: name='{feature}'" in badging


@dataclass(frozen=True)
class Shrinker:
    """R8, and the app that it shrinks."""

    java: Java
    jars: ClassPath
    platform: Path
    kotlin_stdlib: Path
    app: App
    classes: Path

    def shrunk(self, folder: Path, *rules: Path) -> bytes:
        """Return the shrunk app's classes; the rules are those beside the manifest's own."""
        services = [service.qualified_class for service in android.plan(self.app.spec).services]
        # aapt2 writes such rules for what a manifest names.
        of_manifest = folder / "manifest.pro"
        lines = [f"-keep class {name} {{ <init>(); }}" for name in services]
        # The compiler's annotations, and classes that the platform made here refers to but lacks.
        lines += ["-dontwarn org.jetbrains.annotations.**", "-dontwarn android.**"]
        of_manifest.write_text("\n".join(lines), encoding="utf-8")
        configured = (*rules, of_manifest)

        def shrink(output: Path) -> None:
            run = self.java.run(
                *(self.jars, "com.android.tools.r8.R8", *FOR_DEVICES),
                *("--lib", self.platform, "--lib", self.java.home),
                *(option for path in configured for option in ("--pg-conf", path)),
                *("--output", output),
                self.kotlin_stdlib,
                *sorted(self.classes.rglob("*.class")),
            )
            assert run.returncode == 0, run.stderr

        tool = version_of(f"r8 {self.java.version}", self.jars)
        inputs = (self.platform, self.kotlin_stdlib, *configured, self.classes)
        return products().take(key_of(tool, FOR_DEVICES, inputs), shrink).joinpath(DEX).read_bytes()


@pytest.fixture(scope="module")
def shrinker(  # noqa: PLR0913, PLR0917 - fixtures
    golden: Mapping[str, App],
    dexed: Path,
    java: Java,
    jars: Mapping[str, ClassPath],
    sdk: Path,
    kotlin_stdlib: Path,
) -> Shrinker:
    classes = dexed.with_name("classes")
    platform = android_jar(sdk, 36)
    return Shrinker(java, jars["d8"], platform, kotlin_stdlib, golden[CASE], classes)


CALLED_BY_NAME = (b"Ldev/bgsvc/PythonLibrary;", b"Ldev/bgsvc/MessageSink;")
"""The classes that the C source looks up."""


def test_shrunk_app_keeps_the_names_that_c_looks_up(shrinker: Shrinker, tmp_path: Path) -> None:
    content = shrinker.shrunk(tmp_path, shrinker.app.folder / "bgsvc-rules.pro")

    assert [name for name in CALLED_BY_NAME if name not in content] == []
    assert b"Ldev/bgsvc/ServiceStateStore;" not in content


def test_app_shrunk_without_the_rules_loses_these_names(shrinker: Shrinker, tmp_path: Path) -> None:
    content = shrinker.shrunk(tmp_path)

    assert [name for name in CALLED_BY_NAME if name in content] != list(CALLED_BY_NAME)
