"""The host `cpython`: built by its own CMake file, and run on a JVM that checks each JNI call."""

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from bgsvc_gen.resources import templates_root
from tests.native.android.maven import ClassPath
from tests.native.android.sentences import sentences_in
from tests.native.android.test_executed import KOTLIN, Outcome, python_options
from tests.native.android.tools import Java, KotlinCompiler
from tests.native.provision import lacks

pytestmark = pytest.mark.native

HERE: Final = Path(__file__).parent / "hosts"
SUPPORT: Final = templates_root() / "android/support"
SOURCES: Final = ("CPythonHost.kt", "PythonHost.kt", "PythonFiles.kt")
ALIGNMENT: Final = 16 * 1024
LOADED: Final = 1
"""The kind of an ELF segment that is loaded into memory."""
ABI: Final = "x86_64"


@pytest.fixture(scope="module")
def cmake() -> str:
    return shutil.which("cmake") or lacks("no cmake on PATH")


@pytest.fixture(scope="module")
def prefix(cpython: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This machine's CPython, laid out like its Android builds: a folder for each ABI."""
    folder = tmp_path_factory.mktemp("prefix")
    for kind in ("include", "lib"):
        folder.joinpath(ABI, kind).mkdir(parents=True)
    folder.joinpath(ABI, "include/python3.14").symlink_to(cpython / "include/python3.14")
    folder.joinpath(ABI, "lib/libpython3.14.so").symlink_to(cpython / "libpython3.14.so.1.0")
    return folder


def build_with(cmake: str, prefix: Path, java: Java, folder: Path, *without: str) -> str:
    """Build the library in `folder`; return the output if that fails, or else nothing."""
    source = folder / "cpp"
    source.mkdir(parents=True)
    shutil.copy(SUPPORT / "bgsvc_python.c", source)
    text = SUPPORT.joinpath("CMakeLists.txt").read_text(encoding="utf-8")
    for part in without:
        assert part in text
        text = text.replace(part, "")
    source.joinpath("CMakeLists.txt").write_text(text, encoding="utf-8")
    include = java.home / "include"
    commands: list[list[str | Path]] = [
        [
            *(cmake, "-S", source, "-B", folder / "build", f"-DANDROID_ABI={ABI}"),
            f"-DBGSVC_PYTHON_PREFIX={prefix}",
            # The NDK has jni.h among its own headers.
            f"-DCMAKE_C_FLAGS=-isystem {include} -isystem {include / 'linux'}",
        ],
        [cmake, "--build", folder / "build"],
    ]
    for command in commands:
        run = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
        if run.returncode != 0:
            return run.stdout + run.stderr
    return ""


@pytest.fixture(scope="module")
def library(cmake: str, prefix: Path, java: Java, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cmake")
    assert build_with(cmake, prefix, java, folder) == ""
    return folder / "build/libbgsvc_python.so"


def alignments(library: Path) -> list[int]:
    """Return to what the loaded segments of a 64-bit ELF file are aligned."""
    content = library.read_bytes()
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    headers = [struct.unpack_from("<IIQQQQQQ", content, start + i * size) for i in range(count)]
    return [header[7] for header in headers if header[0] == LOADED]


def test_library_is_aligned_to_pages_of_16_kb(library: Path) -> None:
    assert set(alignments(library)) == {ALIGNMENT}


def test_library_built_without_the_flag_is_not_aligned(
    cmake: str, prefix: Path, java: Java, tmp_path: Path
) -> None:
    assert build_with(cmake, prefix, java, tmp_path, '"-Wl,-z,max-page-size=16384"') == ""
    library = tmp_path / "build/libbgsvc_python.so"

    assert set(alignments(library)) == {4096}


def test_prefix_without_python_is_an_error_that_names_the_layout(
    cmake: str, java: Java, tmp_path: Path
) -> None:
    printed = " ".join(build_with(cmake, tmp_path, java, tmp_path / "build").split())

    assert "has 0 include/python3.*" in printed
    assert "one per ABI" in printed


def test_missing_symbol_fails_the_build(
    cmake: str, prefix: Path, java: Java, tmp_path: Path
) -> None:
    printed = build_with(
        cmake, prefix, java, tmp_path, "target_link_libraries(bgsvc_python PRIVATE ${libraries})"
    )

    assert "undefined reference" in printed


@pytest.fixture(scope="module")
def classes(
    kotlin: KotlinCompiler,
    jars: Mapping[str, ClassPath],
    tmp_path_factory: pytest.TempPathFactory,
) -> ClassPath:
    folder = tmp_path_factory.mktemp("classes")
    needed = [jar for jar in jars["robolectric"] if jar.suffix == ".jar"]
    tests = (HERE / "StartTest.kt", KOTLIN / "TestReporter.kt")
    sources = [*(SUPPORT / name for name in SOURCES), *tests]
    assert kotlin.compile_once(sources, needed, folder) == ""
    return (folder, *needed)


@pytest.fixture(scope="module", params=["FailedStartTest", "StartTest"])
def checked(  # noqa: PLR0913, PLR0917 - fixtures
    request: pytest.FixtureRequest,
    java: Java,
    classes: ClassPath,
    library: Path,
    cpython: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Outcome:
    """A process of its own for each class: Python starts once in a process, or not at all."""
    folder = tmp_path_factory.mktemp("checked")
    run = java.run(
        (*classes,),
        *("dev.bgsvc.tests.TestReporter", folder, f"dev.bgsvc.tests.{request.param}"),
        options=["-Xcheck:jni", *python_options(library.parent, cpython, HERE / "python")],
        env={**os.environ, "LD_LIBRARY_PATH": str(cpython)},
    )
    return Outcome(folder, run.stdout + run.stderr)


def sentences(test_class: str) -> list[str]:
    text = HERE.joinpath("StartTest.kt").read_text(encoding="utf-8")
    [body] = re.findall(rf"^class {test_class} \{{(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    return sentences_in(body)


CASES: Final = [
    (test_class, sentence)
    for test_class in ("FailedStartTest", "StartTest")
    for sentence in sentences(test_class)
]


@pytest.mark.parametrize(("checked", "sentence"), CASES, indirect=["checked"])
def test_cpython_start_and_threads(checked: Outcome, sentence: str) -> None:
    assert checked.of(sentence) == ""


@pytest.mark.parametrize("checked", ["StartTest"], indirect=True)
def test_jvm_reports_no_fault_in_the_calls_of_any_thread(checked: Outcome) -> None:
    assert "in native method" not in checked.printed
    assert "JNI local refs" not in checked.printed
    assert "FATAL ERROR" not in checked.printed
