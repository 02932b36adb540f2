"""The host `chaquopy`, run: Chaquopy's own Java and the real CPython on Android's framework.

The folder `chaquopy/` stands in for what no registry has: the native library between the two, and
the Python module that Chaquopy adds to an app.
"""

import json
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.spec.load import load_spec
from tests.native.android.apps import App, Build, write
from tests.native.android.maven import ClassPath
from tests.native.android.sentences import sentences_in
from tests.native.android.test_executed import KOTLIN, ROBOLECTRIC, Outcome, unpacked_jars
from tests.native.android.tools import Java, KotlinCompiler

pytestmark = pytest.mark.native

HERE: Final = Path(__file__).parent / "chaquopy"
SPEC: Final = """
[app]
id = "org.example.heartbeat"

[services.heartbeat]
entry = "answers:Answers"
[services.heartbeat.android]
types = ["dataSync"]
host = "chaquopy"
notification.actions.pause = "Pause"
"""
ABIS: Final = ("arm64-v8a", "armeabi-v7a", "x86_64", "x86")
BEFORE: Final = [
    f"{name}_{kind}" for kind in ("chaquopy", "python") for name in ("crypto", "ssl", "sqlite3")
]
"""The libraries that Chaquopy loads first; empty here, because the desktop's Python has them."""


def write_assets(folder: Path, app_folders: list[Path]) -> None:
    """Lay out what Chaquopy's Gradle plugin puts into an APK, as far as its Java reads it."""
    assets = folder / "chaquopy"
    assets.mkdir(parents=True)
    names = ["stdlib-common.imy", *(f"stdlib-{abi}.imy" for abi in ABIS)]
    names += [f"bootstrap-native/{abi}/empty.zip" for abi in ABIS]
    for name in names:
        path = assets / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w"):
            pass
    assets.joinpath("cacert.pem").write_text("", encoding="utf-8")
    with zipfile.ZipFile(assets / "bootstrap.imy", "w") as archive:
        for source in HERE.joinpath("bootstrap").rglob("*.py"):
            archive.write(source, source.relative_to(HERE / "bootstrap"))
    files = [path for path in assets.rglob("*") if path.is_file()]
    build = {
        "python_version": "3.14",
        "assets": {str(path.relative_to(assets)): path.name for path in files},
        "app_folders": ":".join(map(str, app_folders)),
    }
    assets.joinpath("build.json").write_text(json.dumps(build), encoding="utf-8")


@pytest.fixture(scope="module")
def app(build: Build, tmp_path_factory: pytest.TempPathFactory) -> App:
    folder = tmp_path_factory.mktemp("chaquopy")
    path = folder / "bgsvc.toml"
    path.write_text(SPEC, encoding="utf-8")
    spec = load_spec(path)
    write(spec, folder / "app")
    write_assets(folder / "assets", [folder / "app/python/site-packages", HERE / "app"])
    app = build.apps({folder / "app": spec}, folder, "-A", folder / "assets")["app"]
    assert app.problems == ""
    return app


@pytest.fixture(scope="module")
def libraries(app: App, c_compiler: str, java: Java, cpython: Path) -> Path:
    """The native libraries by the names under which Chaquopy loads them; returns their folder."""
    folder = app.build / "libraries"
    folder.mkdir()
    strict = ("-std=c11", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-x", "c")
    for name in BEFORE:
        target = folder / f"lib{name}.so"
        subprocess.run([c_compiler, *strict, "/dev/null", "-o", target], check=True)
    folder.joinpath("libpython3.14.so").symlink_to(cpython / "libpython3.14.so.1.0")
    include, standard = java.home / "include", cpython / "lib/python3.14"
    subprocess.run(
        [
            *(c_compiler, *strict, HERE / "chaquopy_java.c", "-x", "none"),
            *("-isystem", include, "-isystem", include / "linux"),
            *("-isystem", cpython / "include/python3.14"),
            f'-DSTANDARD_LIBRARY="{standard}:{standard / "lib-dynload"}"',
            *(f"-L{cpython}", "-l:libpython3.14.so.1.0", f"-Wl,-rpath,{cpython}"),
            *("-o", folder / "libchaquopy_java.so"),
        ],
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def classes(  # noqa: PLR0913, PLR0917 - fixtures
    app: App,
    java: Java,
    kotlin: KotlinCompiler,
    jars: Mapping[str, ClassPath],
    frameworks: Mapping[int, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> ClassPath:
    """The app's classes, its test's, and all they need."""
    main, tests = app.build / "classes", app.build / "test-classes"
    tools = unpacked_jars(jars["robolectric"], tmp_path_factory.mktemp("jars"))
    needed = [frameworks[36], *jars["chaquopy"], *tools]
    own = [app.source_set / "kotlin", app.source_set / "java", app.build / "java"]
    assert kotlin.compile_once(own, needed, main) == ""
    assert java.compile(app.source_set.joinpath("java").rglob("*.java"), needed[:1], main) == ""
    tested = [HERE / "ChaquopyHostTest.kt", KOTLIN / "TestReporter.kt"]
    assert kotlin.compile_once(tested, [main, *needed], tests) == ""
    return (main, tests, *jars["chaquopy"], *tools, frameworks[36])


@pytest.fixture(scope="module", params=["app", "service"])
def started_by(  # noqa: PLR0913, PLR0917 - fixtures
    request: pytest.FixtureRequest,
    app: App,
    java: Java,
    classes: ClassPath,
    libraries: Path,
    frameworks: Mapping[int, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """Run a JVM in which the app, or the service, starts Python."""
    config = app.build / "config/com/android/tools/test_config.properties"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        f"android_merged_manifest={app.manifest}\nandroid_resource_apk={app.apk}\n",
        encoding="utf-8",
    )
    folder = tmp_path_factory.mktemp("chaquopy")
    run = java.run(
        (app.build / "config", *classes),
        *("dev.bgsvc.tests.TestReporter", folder, "dev.bgsvc.tests.ChaquopyHostTest"),
        options=[
            *ROBOLECTRIC,
            f"-Drobolectric.dependency.dir={frameworks[36].parent}",
            f"-Djava.library.path={libraries}",
            f"-Dbgsvc.test.first={request.param}",
        ],
    )
    return Outcome(folder, run.stdout + run.stderr)


SENTENCES: Final = sentences_in(HERE.joinpath("ChaquopyHostTest.kt").read_text(encoding="utf-8"))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_chaquopy_host(sentence: str, started_by: Outcome) -> None:
    assert started_by.of(sentence) == ""


def test_jvm_reports_no_fault_in_the_calls_of_the_stand_in(started_by: Outcome) -> None:
    assert started_by.native_faults == []
