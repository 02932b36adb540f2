"""The generated services, run: Android's framework on a JVM, and CPython inside it."""

import re
import subprocess
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.native.android.apps import App, Build
from tests.native.android.maven import ClassPath
from tests.native.android.scaffold import TRIALS, make_scaffold
from tests.native.android.tools import Java, KotlinCompiler, joined

pytestmark = pytest.mark.native

HERE = Path(__file__).parent
KOTLIN = HERE / "kotlin"
VECTORS = HERE.parents[1] / "vectors"
PROBE = HERE / "python/probe"
ROBOLECTRIC = (
    "--add-exports=java.base/jdk.internal.access=ALL-UNNAMED",
    "-Xmx2g",
    "-Drobolectric.offline=true",
    "-Drobolectric.usePreinstrumentedJars=false",
)

LEVELED = ("ForegroundServiceTest", "LifeTest", "JobTest")
"""What has to be so on every API level; the rest is asked on 36 alone."""


def sentences(test_class: str) -> list[str]:
    """Return the names of a Kotlin test class's tests."""
    text = (KOTLIN / f"{test_class}.kt").read_text(encoding="utf-8")
    return re.findall(r"@Test\s+fun `(.+)`", text)


@dataclass(frozen=True)
class Outcome:
    """What a JVM made of its test classes: a file for each test, and all it printed."""

    folder: Path
    printed: str

    def of(self, sentence: str) -> str:
        """Return what went wrong in one test; nothing, if all is well."""
        file = self.folder / sentence
        if not file.is_file():
            return f"the test did not end; the JVM printed\n{self.printed}"
        return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def app(build: Build, tmp_path_factory: pytest.TempPathFactory) -> App:
    """The scaffold's app, and what its author's build makes of it."""
    folder = tmp_path_factory.mktemp("scaffold") / "heartbeat"
    spec = make_scaffold(folder)
    root = folder / "native/bgsvc"
    app = build.apps({root: spec}, folder, "-A", HERE / "assets")[root.name]
    assert app.said == ""
    return app


@pytest.fixture(scope="module")
def test_jars(jars: Mapping[str, ClassPath], tmp_path_factory: pytest.TempPathFactory) -> ClassPath:
    """Robolectric's jars."""
    return unpacked_jars(jars["robolectric"], tmp_path_factory.mktemp("jars"))


def unpacked_jars(archives: ClassPath, folder: Path) -> ClassPath:
    """Return jars as they are, and those in Android archives unpacked, as a build would."""
    found: list[Path] = []
    for jar in archives:
        if jar.suffix == ".aar":
            target = folder / f"{jar.stem}.jar"
            with zipfile.ZipFile(jar) as archive:
                target.write_bytes(archive.read("classes.jar"))
            found.append(target)
        else:
            found.append(jar)
    return tuple(found)


@pytest.fixture(scope="module")
def classes(
    app: App,
    java: Java,
    kotlin: KotlinCompiler,
    frameworks: Mapping[int, Path],
    test_jars: ClassPath,
) -> ClassPath:
    """The app's classes and those of its tests."""
    main, tests = app.build / "classes", app.build / "test-classes"
    framework = frameworks[36]
    own = [app.source_set / "kotlin", app.source_set / "java", app.build / "java"]
    assert kotlin.compile(own, [framework, *test_jars], main) == ""
    sources = app.source_set.joinpath("java").rglob("*.java")
    assert java.compile(sources, [framework], main) == ""
    callers = KOTLIN.with_name("java").glob("*.java")
    assert java.compile(callers, [main, framework, *test_jars], tests) == ""
    # Inlined like any constant, so that no R has to exist at run time.
    tested = [KOTLIN, app.build / "java"]
    assert kotlin.compile(tested, [tests, main, *test_jars, framework], tests) == ""
    return main, tests


@pytest.fixture(scope="module")
def library(app: App, c_compiler: str, java: Java, cpython: Path) -> Path:
    """The app's native library, built for this machine; returns its folder."""
    include = java.home / "include"
    subprocess.run(
        [
            *(c_compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"),
            *("-isystem", include, "-isystem", include / "linux"),
            *("-isystem", cpython / "include/python3.14", app.source_set / "cpp/bgsvc_python.c"),
            *(f"-L{cpython}", "-l:libpython3.14.so.1.0", f"-Wl,-rpath,{cpython}"),
            *("-o", app.build / "libbgsvc_python.so"),
        ],
        check=True,
    )
    return app.build


def python_options(library: Path, cpython: Path, *folders: Path) -> Iterable[str]:
    standard = cpython / "lib/python3.14"
    yield f"-Djava.library.path={library}"
    yield f"-Dbgsvc.test.home={cpython}"
    yield f"-Dbgsvc.test.path={joined((*folders, standard, standard / 'lib-dynload'))}"


@pytest.fixture(scope="module")
def bridged(  # noqa: PLR0913, PLR0917 - fixtures
    java: Java,
    classes: ClassPath,
    test_jars: ClassPath,
    library: Path,
    cpython: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """A JVM that checks each JNI call, without Android."""
    folder = tmp_path_factory.mktemp("bridged")
    run = java.run(
        *((*classes, *test_jars), "dev.bgsvc.tests.Report"),
        *(folder, "dev.bgsvc.tests.CPythonHostTest"),
        options=["-Xcheck:jni", *python_options(library, cpython, PROBE)],
    )
    return Outcome(folder, run.stdout + run.stderr)


@pytest.fixture(scope="module")
def configured(app: App) -> Path:
    """The folder in which Robolectric reads where the app's manifest and resources are."""
    config = app.build / "config/com/android/tools/test_config.properties"
    config.parent.mkdir(parents=True)
    config.write_text(
        f"android_merged_manifest={app.build / 'AndroidManifest.xml'}\n"
        f"android_resource_apk={app.apk}\n",
        encoding="utf-8",
    )
    return app.build / "config"


@pytest.fixture(scope="module", params=[34, 35, 37])
def leveled(  # noqa: PLR0913, PLR0917 - fixtures
    request: pytest.FixtureRequest,
    app: App,
    configured: Path,
    java: Java,
    classes: ClassPath,
    test_jars: ClassPath,
    frameworks: Mapping[int, Path],
    library: Path,
    cpython: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """A JVM with the framework of one more API level: a process loads a native library once."""
    level: int = request.param
    folder = tmp_path_factory.mktemp(f"leveled{level}")
    python_folders = (app.folder / "python", app.folder.parents[2], TRIALS)
    run = java.run(
        (configured, *classes, *test_jars, frameworks[36]),
        *("dev.bgsvc.tests.Report", folder),
        *(f"dev.bgsvc.tests.{each}" for each in LEVELED),
        options=[
            *ROBOLECTRIC,
            f"-Drobolectric.dependency.dir={frameworks[level].parent}",
            f"-Drobolectric.enabledSdks={level}",
            *python_options(library, cpython, *python_folders),
        ],
    )
    return Outcome(folder, run.stdout + run.stderr)


@pytest.fixture(scope="module")
def driven(  # noqa: PLR0913, PLR0917 - fixtures
    app: App,
    configured: Path,
    java: Java,
    classes: ClassPath,
    test_jars: ClassPath,
    frameworks: Mapping[int, Path],
    library: Path,
    cpython: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """A JVM with Android's framework, the app's manifest and resources, and its Python."""
    folder = tmp_path_factory.mktemp("driven")
    python_folders = (app.folder / "python", app.folder.parents[2], TRIALS)
    run = java.run(
        (configured, *classes, *test_jars, frameworks[36]),
        *("dev.bgsvc.tests.Report", folder, "dev.bgsvc.tests.ForegroundServiceTest"),
        *("dev.bgsvc.tests.BridgeTest", "dev.bgsvc.tests.AssetPythonFilesTest"),
        *("dev.bgsvc.tests.LifeTest", "dev.bgsvc.tests.JobTest"),
        *("dev.bgsvc.tests.FiniteTaskTest", "dev.bgsvc.tests.ApiTest", "dev.bgsvc.tests.TypesTest"),
        options=[
            *ROBOLECTRIC,
            f"-Drobolectric.dependency.dir={frameworks[36].parent}",
            "-Drobolectric.enabledSdks=36",
            f"-Dbgsvc.test.vectors={VECTORS}",
            *python_options(library, cpython, *python_folders),
        ],
    )
    return Outcome(folder, run.stdout + run.stderr)


@pytest.mark.parametrize("sentence", sentences("CPythonHostTest"))
def test_kotlin_and_cpython(sentence: str, bridged: Outcome) -> None:
    assert bridged.of(sentence) == ""


def test_the_jvm_finds_no_fault_in_the_native_calls(bridged: Outcome) -> None:
    assert "WARNING in native method" not in bridged.printed
    assert "FATAL ERROR" not in bridged.printed


@pytest.mark.parametrize("sentence", sentences("BridgeTest"))
def test_the_bridge_on_android(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("AssetPythonFilesTest"))
def test_python_in_the_assets(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", [each for name in LEVELED for each in sentences(name)])
def test_a_service_on_other_levels_of_android(sentence: str, leveled: Outcome) -> None:
    assert leveled.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("LifeTest"))
def test_what_happens_around_a_run(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("JobTest"))
def test_a_job_on_android(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("FiniteTaskTest"))
def test_what_is_finished_after_the_user_has_left(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("ApiTest"))
def test_the_apps_side(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("TypesTest"))
def test_services_of_all_types(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""


@pytest.mark.parametrize("sentence", sentences("ForegroundServiceTest"))
def test_a_service_on_android(sentence: str, driven: Outcome) -> None:
    assert driven.of(sentence) == ""
