"""What Android's own tools say to the generated files."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.resources import templates_root
from tests.native.android.apps import App, golden_apps, golden_names
from tests.native.android.maven import ClassPath
from tests.native.android.tools import Aapt2, Java, KotlinCompiler

pytestmark = pytest.mark.native

EDITOR_CONFIG = Path(__file__).parents[3] / ".editorconfig"
KOTLIN_TESTS = Path(__file__).with_name("kotlin")
NAMES = golden_names()
C_SOURCE = templates_root() / "android/support/bgsvc_python.c"


@pytest.fixture(scope="module")
def apps(aapt2: Aapt2, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, App]:
    return golden_apps(NAMES, aapt2, tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", NAMES)
def test_aapt2_links_the_manifest_and_the_resources(name: str, apps: Mapping[str, App]) -> None:
    assert apps[name].said == ""


def test_aapt2_knows_the_same_types_by_the_same_bits(aapt2: Aapt2, tmp_path: Path) -> None:
    tmp_path.joinpath("res").mkdir()
    tmp_path.joinpath("AndroidManifest.xml").write_text(
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android"><application>'
        '<service android:name=".S" android:foregroundServiceType="none-such" />'
        "</application></manifest>",
        encoding="utf-8",
    )
    said = aapt2.link(tmp_path, "org.example", tmp_path / "build")
    known = {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", said)}

    assert known == {name: row.value for name, row in SERVICE_TYPES.items()}


@pytest.mark.parametrize("level", [35, 36])
@pytest.mark.parametrize("host", ["chaquopy", "cpython"])
def test_kotlin_compiles_without_a_warning(  # noqa: PLR0913, PLR0917 - fixtures
    host: str,
    level: int,
    apps: Mapping[str, App],
    kotlin: KotlinCompiler,
    frameworks: Mapping[int, Path],
    jars: Mapping[str, ClassPath],
    kotlin_stdlib: Path,
    tmp_path: Path,
) -> None:
    """Of each host alone: neither's sources may need the other's."""
    chosen = [app for app in apps.values() if app.hosts == (host,)]
    own = [source for app in chosen for source in app.own_sources]
    host_jars = jars["chaquopy"] if host == "chaquopy" else ()
    class_path = [frameworks[level], kotlin_stdlib, *host_jars]

    assert kotlin.compile([chosen[0].support_sources, *own], class_path, tmp_path) == ""


def test_ktlint_finds_nothing(
    apps: Mapping[str, App], java: Java, jars: Mapping[str, ClassPath], tmp_path: Path
) -> None:
    # Below one folder, for ktlint walks through everything that its patterns might name.
    for name, app in apps.items():
        shutil.copytree(app.source_set / "kotlin", tmp_path / name)
    shutil.copytree(KOTLIN_TESTS, tmp_path / "tests")
    run = java.run(
        *(jars["ktlint"], "com.pinterest.ktlint.Main"),
        *(f"--editorconfig={EDITOR_CONFIG}", "--log-level=none", "**/*.kt"),
        cwd=tmp_path,
    )

    assert run.stdout == ""
    assert run.returncode == 0


@pytest.mark.parametrize("define", ["BGSVC_DESKTOP", "__ANDROID__"])
def test_the_c_source_compiles_without_a_warning(
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
