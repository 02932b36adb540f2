"""The Android tools as functions: what each is given, and what it says."""

import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from tests.native.android.maven import ClassPath

JVM: Final = (
    *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"),
    *("-XX:+ErrorFileToStderr", "-XX:-CreateCoredumpOnCrash"),
)
"""For programs that run for seconds: they take half the time on the simple compiler alone.

A crash, which some planted faults are to cause, is told in the output and leaves no file.
"""


# Robolectric reads the manifest as text, where the prefix has to be the usual one.
ET.register_namespace("android", "http://schemas.android.com/apk/res/android")


def joined(class_path: Iterable[Path]) -> str:
    return ":".join(map(str, class_path))


@dataclass(frozen=True)
class Java:
    """A JDK and the programs in it."""

    home: Path

    def run(
        self,
        class_path: Iterable[Path],
        *arguments: str | Path,
        options: Iterable[str] = (),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a main class, given as the first argument; what it says is in the result."""
        return subprocess.run(
            [self.home / "bin/java", *JVM, *options, "-cp", joined(class_path), *arguments],
            check=False,
            capture_output=True,
            cwd=cwd,
            env=env,
            encoding="utf-8",
            timeout=300,
        )

    def compile(self, sources: Iterable[Path], class_path: Iterable[Path], output: Path) -> str:
        """Compile Java, and return what the compiler says: nothing, if all is well."""
        output.mkdir(parents=True, exist_ok=True)
        run = subprocess.run(
            [
                *(self.home / "bin/javac", "--release", "17"),
                *("-Werror", "-Xlint:all,-options,-classfile"),
                *("-cp", joined(class_path), "-d", str(output), *map(str, sources)),
            ],
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
        return run.stdout + run.stderr


class KotlinCompiler(AbstractContextManager["KotlinCompiler"]):
    """One compiler process for many calls: the first takes seconds, the others a fraction."""

    def __init__(self, java: Java, class_path: ClassPath) -> None:
        batch = Path(__file__).with_name("Batch.java")
        self._process = subprocess.Popen(
            [
                *(java.home / "bin/java", *JVM, "-Xmx1g"),
                *("-cp", joined(class_path), batch),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )

    def compile(self, sources: Iterable[Path], class_path: Iterable[Path], output: Path) -> str:
        """Compile, and return what the compiler says: nothing, if all is well."""
        call = [
            *("-no-stdlib", "-no-reflect", "-jvm-target", "17"),
            *("-Werror", "-Wextra", "-progressive"),
            *("-cp", joined(class_path), "-d", str(output), *map(str, sources)),
        ]
        process = self._process
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        process.stdin.write("\t".join(call) + "\n")
        process.stdin.flush()
        code, _, count = process.stdout.readline().strip().partition(" ")
        messages = "".join(process.stdout.readline() for _ in range(int(count)))
        return messages if messages or code == "OK" else code

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()


@dataclass(frozen=True)
class Aapt2:
    """Android's resource compiler, with a framework to link against."""

    program: Path
    framework: Path

    def link(self, source_set: Path, app_id: str, output: Path, *options: str | Path) -> str:
        """Link a source set's manifest and resources, and return what aapt2 says.

        An app's build gives the manifest its package, and the SDK levels it is for: the one that
        is merged into `output` already has them. `output` gets `app.apk`, and `R.java` under
        `java/`.
        """
        output.mkdir(parents=True, exist_ok=True)
        if not output.joinpath("AndroidManifest.xml").is_file():
            manifest = ET.parse(source_set / "AndroidManifest.xml")  # noqa: S314 - our own
            manifest.getroot().set("package", app_id)
            manifest.write(output / "AndroidManifest.xml", encoding="utf-8")
        said = self._run("compile", "--dir", source_set / "res", "-o", output / "res.zip")
        return said or self._run(
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
        """Return what a store would say of the app."""
        return self._run("dump", "badging", apk)

    def strings_of(self, apk: Path) -> str:
        """Return the linked resources and their values, as aapt2 reads them back."""
        return self._run("dump", "resources", apk)

    def _run(self, *arguments: str | Path) -> str:
        run = subprocess.run(
            [self.program, *arguments], check=False, capture_output=True, encoding="utf-8"
        )
        return run.stdout + run.stderr + ("" if run.returncode == 0 else "\naapt2 failed")
