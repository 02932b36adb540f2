"""The generated services, run: Android's framework on a JVM, and CPython inside it."""

import os
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import pytest

from bgsvc_gen.facts.android import SERVICE_TYPES
from tests.native.android.apps import App
from tests.native.android.maven import ClassPath
from tests.native.android.scaffold import TRIALS
from tests.native.android.sdk import LEVELS
from tests.native.android.sentences import sentences_in
from tests.native.android.tools import TOOL_TIMEOUT_S, Java, KotlinCompiler, joined

pytestmark = pytest.mark.native

HERE = Path(__file__).parent
KOTLIN = HERE / "kotlin"
VECTORS = HERE.parents[1] / "vectors"
PROBE = HERE / "python/probe"
FOR_ALL_TESTS = HERE / "robolectric"
ROBOLECTRIC = (
    "-Xcheck:jni",
    "--add-exports=java.base/jdk.internal.access=ALL-UNNAMED",
    "-Xmx2g",
    "-Drobolectric.offline=true",
    "-Drobolectric.usePreinstrumentedJars=false",
)

LEVELED = (
    *("ForegroundServiceTest", "ServiceLifecycleTest", "ServiceTypesTest", "JobTest"),
    *("FiniteTaskTest", "BridgeTest", "ApiTest"),
)
"""The test classes that run on every API level."""

BOOT_BITS = sum(row.value for row in SERVICE_TYPES.values() if row.boot_allowed)
WARNING = re.compile(r"^WARNING.* in native method.*\n(?:\tat .*\n?)*", re.MULTILINE)

FOREIGN_FAULTS = {
    "\tat org.robolectric.nativeruntime.DefaultNativeRuntimeLoader.ensureLoaded(": (
        "Robolectric's own library, which looks up classes without a check while it is loaded"
    ),
}
"""Frames of native faults in other libraries, and which library it is."""


def sentences(test_class: str) -> list[str]:
    """Return the names of a Kotlin test class's tests."""
    return sentences_in((KOTLIN / f"{test_class}.kt").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Outcome:
    """The results of a JVM's test classes: a file for each test, and all that it printed."""

    folder: Path
    printed: str

    @property
    def native_faults(self) -> list[str]:
        """What `-Xcheck:jni` reported, except for the known faults of other libraries."""
        warnings = [match[0] for match in WARNING.finditer(self.printed)]
        own = [each for each in warnings if not any(frame in each for frame in FOREIGN_FAULTS)]
        fatal = [line for line in self.printed.splitlines() if "FATAL ERROR in native" in line]
        return own + fatal

    def of(self, sentence: str) -> str:
        """Return the failures of one test; empty if it passed."""
        file = self.folder / sentence
        if not file.is_file():
            return f"the test did not end; the JVM printed\n{self.printed}"
        return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def app(scaffold: App) -> App:
    return scaffold


@pytest.fixture(scope="module")
def test_jars(jars: Mapping[str, ClassPath], tmp_path_factory: pytest.TempPathFactory) -> ClassPath:
    """Robolectric's jars."""
    return unpacked_jars(jars["robolectric"], tmp_path_factory.mktemp("jars"))


def unpacked_jars(archives: ClassPath, folder: Path) -> ClassPath:
    """Return jars as they are, and those in Android archives unpacked, as a build would."""
    class_path: list[Path] = []
    for jar in archives:
        if jar.suffix == ".aar":
            target = folder / f"{jar.stem}.jar"
            with zipfile.ZipFile(jar) as archive:
                target.write_bytes(archive.read("classes.jar"))
            class_path.append(target)
        else:
            class_path.append(jar)
    return tuple(class_path)


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
    assert kotlin.compile_once(own, [framework, *test_jars], main) == ""
    sources = app.source_set.joinpath("java").rglob("*.java")
    assert java.compile(sources, [framework], main) == ""
    callers = KOTLIN.with_name("java").glob("*.java")
    assert java.compile(callers, [main, framework, *test_jars], tests) == ""
    # Inlined like any constant, so that no R has to exist at run time.
    tested = [KOTLIN, app.build / "java"]
    assert kotlin.compile_once(tested, [tests, main, *test_jars, framework], tests) == ""
    return main, tests


def build_library(source: Path, output: Path, compiler: str, java: Java, cpython: Path) -> None:
    """Build the native library for this machine."""
    include = java.home / "include"
    subprocess.run(
        [
            *(compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"),
            *("-isystem", include, "-isystem", include / "linux"),
            *("-isystem", cpython / "include/python3.14", source),
            *(f"-L{cpython}", "-l:libpython3.14.so.1.0", f"-Wl,-rpath,{cpython}"),
            *("-o", output / "libbgsvc_python.so"),
        ],
        check=True,
    )


@pytest.fixture(scope="module")
def library(app: App, c_compiler: str, java: Java, cpython: Path) -> Path:
    """The app's native library; returns its folder."""
    build_library(app.source_set / "cpp/bgsvc_python.c", app.build, c_compiler, java, cpython)
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
    """Run a JVM that checks each JNI call, without Android."""
    folder = tmp_path_factory.mktemp("bridged")
    run = java.run(
        *((*classes, *test_jars), "dev.bgsvc.tests.TestReporter"),
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


@dataclass(frozen=True)
class Robolectric:
    """Android's framework on a JVM, with the app's manifest and resources, and its Python.

    Each level has its own process, because a process loads a native library only once.
    """

    java: Java
    class_path: ClassPath
    options: tuple[str, ...]
    frameworks: Mapping[int, Path]

    def run(self, level: int, folder: Path, *test_classes: str) -> Outcome:
        run = self.java.run(
            self.class_path, *self.arguments(folder, *test_classes), options=self.at(level)
        )
        return Outcome(folder, run.stdout + run.stderr)

    def arguments(self, folder: Path, *test_classes: str) -> tuple[str | Path, ...]:
        return (
            "dev.bgsvc.tests.TestReporter",
            folder,
            *(f"dev.bgsvc.tests.{each}" for each in test_classes),
        )

    def at(self, level: int, **properties: object) -> list[str]:
        """Return the JVM's options for an API level."""
        return [
            *self.options,
            f"-Drobolectric.dependency.dir={self.frameworks[level].parent}",
            f"-Drobolectric.enabledSdks={level}",
            *(f"-Dbgsvc.test.{name}={value}" for name, value in properties.items()),
        ]


@pytest.fixture(scope="module")
def robolectric(  # noqa: PLR0913, PLR0917 - fixtures
    app: App,
    configured: Path,
    java: Java,
    classes: ClassPath,
    test_jars: ClassPath,
    frameworks: Mapping[int, Path],
    library: Path,
    cpython: Path,
) -> Robolectric:
    python_folders = (app.python_path, app.folder.parents[2], TRIALS)
    options = (
        *ROBOLECTRIC,
        *(f"-Dbgsvc.test.vectors={VECTORS}", f"-Dbgsvc.test.boot={BOOT_BITS}"),
        *python_options(library, cpython, *python_folders),
    )
    class_path = (configured, FOR_ALL_TESTS, *classes, *test_jars, frameworks[36])
    return Robolectric(java, class_path, options, frameworks)


@pytest.fixture(scope="module")
def outcomes(
    robolectric: Robolectric, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[int, Outcome]:
    """Run all levels, as many at once as there are cores."""
    folders = [tmp_path_factory.mktemp(f"outcomes{level}") for level in LEVELS]
    classes = dict.fromkeys(LEVELS, LEVELED) | {36: (*LEVELED, "AssetPythonFilesTest")}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = [
            pool.submit(robolectric.run, level, folder, *classes[level])
            for level, folder in zip(LEVELS, folders, strict=True)
        ]
        return {level: run.result() for level, run in zip(LEVELS, runs, strict=True)}


def kill(robolectric: Robolectric, folder: Path, storage: Path) -> float:
    """Start a process, kill it while its service runs, and return when that was."""
    command = robolectric.java.command(
        robolectric.class_path,
        *robolectric.arguments(folder, "KilledProcessTest"),
        options=robolectric.at(36, storage=storage),
    )
    with (
        folder.joinpath("stderr.txt").open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        watch = Timer(TOOL_TIMEOUT_S, process.kill)
        watch.start()
        try:
            assert process.stdout is not None
            running = any(line == f"pid {process.pid}\n" for line in process.stdout)
            killed = time.time()
            process.kill()
        finally:
            watch.cancel()
    assert running, folder.joinpath("stderr.txt").read_text(encoding="utf-8")
    assert process.returncode == -signal.SIGKILL
    return killed


def test_next_process_restarts_the_service_of_a_killed_one(
    robolectric: Robolectric, tmp_path: Path
) -> None:
    storage, before, after = (tmp_path / name for name in ("storage", "before", "after"))
    for folder in (storage, before, after):
        folder.mkdir()
    killed = kill(robolectric, before, storage)
    options = robolectric.at(36, storage=storage, killed=round(killed * 1000))
    run = robolectric.java.run(
        robolectric.class_path, *robolectric.arguments(after, "NextProcessTest"), options=options
    )
    outcome = Outcome(after, run.stdout + run.stderr)

    assert outcome.of(sentences("ProcessDeathTest")[-1]) == ""


@pytest.mark.parametrize("sentence", sentences("CPythonHostTest"))
def test_cpython_host(sentence: str, bridged: Outcome) -> None:
    assert bridged.of(sentence) == ""


def test_jvm_reports_no_fault_in_the_native_calls(bridged: Outcome) -> None:
    assert bridged.native_faults == []


def test_jvm_reports_a_planted_fault_in_the_native_calls(  # noqa: PLR0913, PLR0917 - fixtures
    app: App,
    java: Java,
    classes: ClassPath,
    test_jars: ClassPath,
    c_compiler: str,
    cpython: Path,
    tmp_path: Path,
) -> None:
    text = app.source_set.joinpath("cpp/bgsvc_python.c").read_text(encoding="utf-8")
    checked = "const bool failed = (*env)->ExceptionCheck(env);"
    assert checked in text
    source = tmp_path / "bgsvc_python.c"
    source.write_text(text.replace(checked, "const bool failed = false;"), encoding="utf-8")
    build_library(source, tmp_path, c_compiler, java, cpython)
    run = java.run(
        *((*classes, *test_jars), "dev.bgsvc.tests.TestReporter"),
        *(tmp_path, "dev.bgsvc.tests.CPythonHostTest"),
        options=["-Xcheck:jni", *python_options(tmp_path, cpython, PROBE)],
    )

    assert Outcome(tmp_path, run.stdout + run.stderr).native_faults != []


@pytest.mark.parametrize("sentence", sentences("AssetPythonFilesTest"))
def test_asset_python_files(sentence: str, outcomes: Mapping[int, Outcome]) -> None:
    assert outcomes[36].of(sentence) == ""


@pytest.mark.parametrize(
    ("test_class", "sentence"), [(name, each) for name in LEVELED for each in sentences(name)]
)
@pytest.mark.parametrize("level", LEVELS)
def test_on_android(
    level: int, test_class: str, sentence: str, outcomes: Mapping[int, Outcome]
) -> None:
    assert outcomes[level].of(sentence) == "", test_class


@pytest.mark.parametrize("level", LEVELS)
def test_jvm_reports_no_fault_in_the_native_calls_on_android(
    level: int, outcomes: Mapping[int, Outcome]
) -> None:
    assert outcomes[level].native_faults == []
