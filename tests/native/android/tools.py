"""The Android tools as functions that return what each tool printed."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.native.android.maven import ClassPath
from tests.native.products import Products, key_of, products, version_of

JVM: Final = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"),
    *("-XX:+ErrorFileToStderr", "-XX:-CreateCoredumpOnCrash"),
)
"""For programs that run for seconds: with the simple compiler alone they take half the time.

Some planted faults cause a crash: it is reported in the output and leaves no file.
"""

TOOL_TIMEOUT_S: Final = 1800
"""Seconds after which a program counts as hanging; it measures nothing."""

# Robolectric reads the manifest as text and expects the usual prefix.
ET.register_namespace("android", "http://schemas.android.com/apk/res/android")


JAVA_FLAGS: Final = ("--release", "17", "-Werror", "-Xlint:all,-options,-classfile")
KOTLIN_FLAGS: Final = (
    *("-no-stdlib", "-no-reflect", "-jvm-target", "17", "-Werror", "-Wextra", "-progressive"),
)


def joined(class_path: Iterable[Path]) -> str:
    return ":".join(map(str, class_path))


@dataclass(frozen=True)
class Java:
    """A JDK and the programs in it."""

    home: Path

    @cached_property
    def version(self) -> str:
        """The content of the JDK's `release` file."""
        return self.home.joinpath("release").read_text(encoding="utf-8")

    def run(
        self,
        class_path: Iterable[Path],
        *arguments: str | Path,
        options: Iterable[str] = (),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the main class that is the first argument; the result has its output."""
        return subprocess.run(
            self.command(class_path, *arguments, options=options),
            check=False,
            capture_output=True,
            cwd=cwd,
            env=env,
            encoding="utf-8",
            timeout=TOOL_TIMEOUT_S,
        )

    def command(
        self,
        class_path: Iterable[Path],
        *arguments: str | Path,
        options: Iterable[str] = (),
    ) -> list[str | Path]:
        """Return the command that runs a main class."""
        return [self.home / "bin/java", *JVM, *options, "-cp", joined(class_path), *arguments]

    def compile(self, sources: Iterable[Path], class_path: Iterable[Path], output: Path) -> str:
        """Compile Java and return the compiler's output, which is empty on success.

        The classes of the same bytes are taken from the product cache.
        """
        files, jars = list(sources), list(class_path)

        def compile_into(folder: Path) -> str:
            run = subprocess.run(
                [
                    *(self.home / "bin/javac", *JAVA_FLAGS, "-cp", joined(jars)),
                    *("-d", str(folder), *map(str, files)),
                ],
                check=False,
                capture_output=True,
                encoding="utf-8",
            )
            return run.stdout + run.stderr

        key = key_of(f"javac {self.version}", JAVA_FLAGS, [*files, *jars])
        return kept(products(), key, compile_into, output)


class _RefusedError(Exception):
    """A compiler has printed something: there is no product to keep."""


def kept(products: Products, key: str, compile_into: Callable[[Path], str], output: Path) -> str:
    """Put classes into `output`, compiled now or before; return the compiler's output.

    Classes with an error or a warning are not kept.
    """
    printed = ""

    def make(folder: Path) -> None:
        nonlocal printed
        if printed := compile_into(folder):
            raise _RefusedError

    try:
        classes = products.take(key, make)
    except _RefusedError:
        return printed
    shutil.copytree(classes, output, dirs_exist_ok=True)
    return ""


class KotlinCompiler(AbstractContextManager["KotlinCompiler"]):
    """One compiler process for many calls: the first takes seconds, the others a fraction.

    It starts when there is something that is not in the product cache.
    """

    def __init__(self, java: Java, class_path: ClassPath, products: Products) -> None:
        self._java = java
        self._class_path = class_path
        self._products = products
        self._process: subprocess.Popen[str] | None = None

    def compile(self, sources: Iterable[Path], class_path: Iterable[Path], output: Path) -> str:
        """Compile and return the compiler's output, which is empty on success."""
        code, printed = self._call(sources, class_path, output)
        return printed if printed or code == "OK" else code

    def compile_once(
        self, sources: Iterable[Path], class_path: Iterable[Path], output: Path
    ) -> str:
        """Compile, or take the classes of the same bytes from the product cache."""
        files, jars = list(sources), list(class_path)
        version = version_of(f"kotlinc {self._java.version}", self._class_path)
        key = key_of(version, KOTLIN_FLAGS, [*files, *jars])
        return kept(self._products, key, lambda folder: self.compile(files, jars, folder), output)

    def _call(
        self, sources: Iterable[Path], class_path: Iterable[Path], output: Path
    ) -> tuple[str, str]:
        call = [
            *KOTLIN_FLAGS,
            *("-cp", joined(class_path), "-d", str(output), *map(str, sources)),
        ]
        process = self._process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        process.stdin.write("\t".join(call) + "\n")
        process.stdin.flush()
        code, _, count = process.stdout.readline().strip().partition(" ")
        return code, "".join(process.stdout.readline() for _ in range(int(count)))

    def _start(self) -> subprocess.Popen[str]:
        batch = Path(__file__).with_name("Batch.java")
        return subprocess.Popen(
            [
                *(self._java.home / "bin/java", *JVM, "-Xmx1g"),
                *("-cp", joined(self._class_path), batch),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()


@dataclass(frozen=True)
class Aapt2:
    """Android's resource compiler, with a framework to link against."""

    program: Path
    framework: Path

    def link(self, source_set: Path, app_id: str, output: Path, *options: str | Path) -> str:
        """Link a source set's manifest and resources, and return what aapt2 printed.

        An app's build adds the package and the SDK levels to the manifest: the one that was
        merged into `output` already has them. `output` gets `app.apk`, and `R.java` under
        `java/`.
        """
        output.mkdir(parents=True, exist_ok=True)
        if not output.joinpath("AndroidManifest.xml").is_file():
            manifest = ET.parse(source_set / "AndroidManifest.xml")  # noqa: S314 - our own
            manifest.getroot().set("package", app_id)
            manifest.write(output / "AndroidManifest.xml", encoding="utf-8")
        printed = self._run("compile", "--dir", source_set / "res", "-o", output / "res.zip")
        return printed or self._run(
            *("link", "-I", self.framework),
            *("--min-sdk-version", "26", "--target-sdk-version", "36"),
            *options,
            *("--manifest", output / "AndroidManifest.xml"),
            *("--java", output / "java", "-o", output / "app.apk", output / "res.zip"),
        )

    def manifest_of(self, apk: Path) -> str:
        """Return the linked manifest, as aapt2 reads it back."""
        return self._run("dump", "xmltree", apk, "--file", "AndroidManifest.xml")

    def badging_of(self, apk: Path) -> str:
        """Return what aapt2 reports to a store about the app."""
        return self._run("dump", "badging", apk)

    def strings_of(self, apk: Path) -> str:
        """Return the linked resources and their values, as aapt2 reads them back."""
        return self._run("dump", "resources", apk)

    def _run(self, *arguments: str | Path) -> str:
        run = subprocess.run(
            [self.program, *arguments], check=False, capture_output=True, encoding="utf-8"
        )
        return run.stdout + run.stderr + ("" if run.returncode == 0 else "\naapt2 failed")
