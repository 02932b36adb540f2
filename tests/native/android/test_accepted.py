"""Android's own tools accept the generated files."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.resources import templates_root
from tests.native.android.apps import App, golden_names
from tests.native.android.maven import ClassPath
from tests.native.android.sdk import LEVELS, android_jar
from tests.native.android.tools import Aapt2, Java, KotlinCompiler, kept
from tests.native.products import key_of, products, version_of

pytestmark = pytest.mark.native

EDITOR_CONFIG = Path(__file__).parents[3] / ".editorconfig"
KOTLIN_BENCH = Path(__file__).parents[3] / "bench/bridge"
KOTLIN_TESTS = [
    Path(__file__).with_name(name) for name in ("kotlin", "lifecycle", "hosts", "chaquopy")
]
NAMES = golden_names()
C_SOURCE = templates_root() / "android/support/bgsvc_python.c"


@pytest.mark.parametrize("name", NAMES)
def test_generated_manifest_merges_into_an_apps_and_links(
    name: str, golden: Mapping[str, App]
) -> None:
    assert golden[name].problems == ""


def test_types_and_bits_of_aapt2_are_those_of_the_facts(aapt2: Aapt2, tmp_path: Path) -> None:
    tmp_path.joinpath("res").mkdir()
    tmp_path.joinpath("AndroidManifest.xml").write_text(
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android"><application>'
        '<service android:name=".S" android:foregroundServiceType="none-such" />'
        "</application></manifest>",
        encoding="utf-8",
    )
    printed = aapt2.link(tmp_path, "org.example", tmp_path / "build")
    known = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", printed)}

    assert known == {name: row.value for name, row in SERVICE_TYPES.items()}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("host", ["chaquopy", "cpython"])
def test_kotlin_compiles_against_the_public_api_without_a_warning(  # noqa: PLR0913, PLR0917
    host: str,
    level: int,
    golden: Mapping[str, App],
    kotlin: KotlinCompiler,
    sdk: Path,
    jars: Mapping[str, ClassPath],
    kotlin_stdlib: Path,
    tmp_path: Path,
) -> None:
    """Each host compiles without the other's sources, and each type from its first level on."""
    of_host = [app for app in golden.values() if app.hosts == (host,)]
    chosen = [app for app in of_host if app.oldest_platform <= level]
    own = [source for app in chosen for source in app.own_sources]
    host_jars = jars["chaquopy"] if host == "chaquopy" else ()
    class_path = [android_jar(sdk, level), kotlin_stdlib, *host_jars]

    assert kotlin.compile_once([*chosen[0].support_sources, *own], class_path, tmp_path) == ""


@pytest.mark.parametrize("level", LEVELS)
def test_hidden_api_does_not_compile(
    level: int, kotlin: KotlinCompiler, sdk: Path, kotlin_stdlib: Path, tmp_path: Path
) -> None:
    """The framework's whole jar has it; the jar made here does not."""
    source = tmp_path / "Hidden.kt"
    source.write_text("val hidden = android.app.ActivityThread.currentProcessName()\n")
    printed = kotlin.compile([source], [android_jar(sdk, level), kotlin_stdlib], tmp_path / "out")

    assert "unresolved reference 'ActivityThread'" in printed


def test_java_compiles_without_a_warning(sdk: Path, java: Java, tmp_path: Path) -> None:
    for level in LEVELS:
        run = java.compile(
            [templates_root() / "android/support/TimeLimitedService.java"],
            [android_jar(sdk, level)],
            tmp_path / str(level),
        )
        assert run == ""


def test_ktlint_has_no_finding(
    golden: Mapping[str, App], java: Java, jars: Mapping[str, ClassPath], tmp_path: Path
) -> None:
    # Below one folder, because ktlint walks through everything that its patterns can match.
    for name, app in golden.items():
        shutil.copytree(app.source_set / "kotlin", tmp_path / name)
    for folder in KOTLIN_TESTS:
        shutil.copytree(folder, tmp_path / folder.name)
    shutil.copytree(KOTLIN_BENCH, tmp_path / "bench")
    options = (f"--editorconfig={EDITOR_CONFIG}", "--log-level=none", "**/*.kt")

    def check(folder: Path) -> str:
        folder.joinpath("clean").touch()
        run = java.run(jars["ktlint"], "com.pinterest.ktlint.Main", *options, cwd=tmp_path)
        return run.stdout or ("" if run.returncode == 0 else run.stderr or "ktlint failed")

    key = key_of(version_of("ktlint", jars["ktlint"]), options[1:], [tmp_path, EDITOR_CONFIG])
    assert kept(products(), key, check, tmp_path / "verdict") == ""


@pytest.mark.parametrize("define", ["BGSVC_DESKTOP", "__ANDROID__"])
def test_c_source_compiles_without_a_warning(
    define: str, c_compiler: str, java: Java, cpython: Path, tmp_path: Path
) -> None:
    include = java.home / "include"
    run = subprocess.run(
        [
            *(c_compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"),
            *("-O2", "-fPIC", "-c", f"-D{define}", "-o", tmp_path / "bgsvc_python.o"),
            *("-isystem", include, "-isystem", include / "linux"),
            *("-isystem", cpython / "include/python3.14", C_SOURCE),
        ],
        check=False,
        capture_output=True,
        encoding="utf-8",
    )

    assert run.stderr == ""
    assert run.returncode == 0
