"""Swift as a function: what it is given, and what it says."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENTER: Final = Path(__file__).with_name("enter.sh")
STRICT: Final = ("-swift-version", "6", "-strict-concurrency=complete", "-warnings-as-errors")


@dataclass(frozen=True)
class Swift:
    """A toolchain in a root of its own, which sees `folders` and /tmp of this machine."""

    root: Path
    folders: tuple[Path, ...]

    def run(
        self,
        *command: str | Path,
        environment: Mapping[str, str] | None = None,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the toolchain, or one it has built; what it says is in the result."""
        seen = " ".join(map(str, self.folders))
        return subprocess.run(
            ["sh", ENTER, self.root, seen, *command],
            check=False,
            capture_output=True,
            cwd="/tmp",  # noqa: S108 - the one folder that both roots share
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
            errors="replace",
            timeout=timeout,
        )

    def compile(self, *arguments: str | Path, timeout: float = 300) -> str:
        """Compile as strictly as can be, and return what is said: nothing, if all is well."""
        run = self.run("swiftc", *STRICT, *arguments, timeout=timeout)
        return run.stdout + run.stderr + ("" if run.returncode == 0 else "\nswiftc failed")


@dataclass(frozen=True, eq=False)
class Variant:
    """A way to build: a sanitizer, and whether iOS 27's calls are compiled in."""

    name: str
    flags: tuple[str, ...]
    environment: Mapping[str, str]


THREADS: Final = Variant(
    "thread sanitizer, iOS 27",
    ("-sanitize=thread", "-D", "BGSVC_SDK_27"),
    # Python does not join its threads before the process ends.
    {"TSAN_OPTIONS": "halt_on_error=1 report_thread_leaks=0 atexit_sleep_ms=0"},
)
ADDRESSES: Final = Variant(
    "address sanitizer, before iOS 27",
    ("-sanitize=address",),
    # CPython leaves memory to the end of the process.
    {"ASAN_OPTIONS": "detect_leaks=0"},
)


@dataclass(frozen=True)
class Build:
    """Modules and programs of one variant.

    Attributes:
        cpython: The home of a CPython for this machine.
        folder: Where everything goes.
    """

    swift: Swift
    variant: Variant
    cpython: Path
    folder: Path

    @property
    def _python(self) -> tuple[str, ...]:
        headers = next((self.cpython / "include").glob("python3.*"))
        modules = Path(__file__).parents[3] / "templates/ios/python/module.modulemap"
        return ("-Xcc", f"-fmodule-map-file={modules}", "-Xcc", f"-I{headers}")

    @property
    def _flags(self) -> tuple[str, ...]:
        return (
            *("-Onone", "-g", "-enable-actor-data-race-checks", *self.variant.flags),
            *("-I", str(self.folder), "-Xcc", "-D_GNU_SOURCE=1"),
        )

    def module(self, name: str, sources: Iterable[Path]) -> str:
        """Compile a module and its static library; return what the compiler says."""
        command: list[str | Path] = [
            *(*self._flags, "-parse-as-library", "-enable-testing", *self._python),
            *("-emit-module", "-emit-library", "-static", "-module-name", name),
        ]
        command += ["-emit-module-path", self.folder / f"{name}.swiftmodule"]
        command += ["-o", self.folder / f"lib{name}.a", *sources]
        return self.swift.compile(*command)

    def objects(self, name: str, sources: Iterable[Path]) -> str:
        """Compile a program's own sources; return what the compiler says."""
        command: list[str | Path] = [*self._flags, *self._python, "-module-name", name, *sources]
        command += ["-emit-object", "-whole-module-optimization", "-o", self.folder / f"{name}.o"]
        return self.swift.compile(*command)

    def program(self, name: str, modules: Iterable[str]) -> str:
        """Link a program that uses `modules`; return what the linker says."""
        library = next(self.cpython.glob("libpython3.*.so.*"))
        command: list[str | Path] = [*self._flags, self.folder / f"{name}.o"]
        command += ["-L", self.folder, *(f"-l{module}" for module in modules)]
        command += [library, "-Xlinker", f"-rpath={self.cpython}", "-o", self.folder / name]
        return self.swift.compile(*command)

    def run(
        self, name: str, *arguments: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that was built."""
        # A crash ends at once: Swift's own backtraces take half a minute under a sanitizer.
        quick = {"SWIFT_BACKTRACE": "enable=no"}
        everything = {**quick, **self.variant.environment, **environment}
        home = f"HOME={environment['HOME']}"
        command: list[str | Path] = ["env", home, self.folder / name, *arguments]
        return self.swift.run(*command, environment=everything, timeout=60)
