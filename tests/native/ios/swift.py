"""Run the Swift compiler, and keep what it accepted."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.native.ios.compilation import Argument, key_of
from tests.native.ios.swift_packages import DIGESTS
from tests.native.products import products

ENTER: Final = Path(__file__).with_name("enter.sh")
STRICT: Final = ("-swift-version", "6", "-strict-concurrency=complete", "-warnings-as-errors")


WHOLE: Final = ("-whole-module-optimization", "-num-threads", "2")
LIBRARY: Final = ("-parse-as-library", "-enable-testing")
MODULES: Final = Path(__file__).parents[3] / "templates/ios/python/module.modulemap"
"""CPython's module; its header lies beside it."""


@dataclass(frozen=True)
class Swift:
    """A toolchain in its own root directory, which sees `folders` and /tmp of this machine.

    Attributes:
        scratch: Its home and its temporary folder.
    """

    root: Path
    folders: tuple[Path, ...]
    scratch: Path

    @property
    def cache(self) -> tuple[str, str]:
        """The flags that keep the modules which the compiler makes of C headers."""
        return ("-module-cache-path", str(self.root / "headers"))

    def run(
        self,
        *command: Argument,
        environment: Mapping[str, str] | None = None,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the toolchain, or one that it has built."""
        folders = " ".join(map(str, self.folders))
        return subprocess.run(
            ["sh", ENTER, self.root, folders, *command],
            check=False,
            capture_output=True,
            cwd=self.scratch,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
            errors="replace",
            timeout=timeout,
        )

    def diagnose(self, *command: Argument, timeout: float = 300) -> str:
        """Run a program, and return its output; empty if it succeeds without a warning."""
        run = self.run(*command, timeout=timeout)
        failed = "" if run.returncode == 0 else f"\n{command[0]} failed"
        return run.stdout + run.stderr + failed

    def compile(
        self,
        *arguments: Argument,
        made: Sequence[Path] = (),
        read: Sequence[Path] = (),
    ) -> str:
        """Compile with every check, and return the diagnostics; empty if there are none.

        Args:
            arguments: Flags, and paths that are read or written; a path may differ in each run.
            made: The paths that are written.
            read: Paths beyond the arguments that are read; they do not change while tests run.
        """
        return self._compile(("swiftc", *STRICT), arguments, made, read)

    def compile_one(
        self,
        source: Path,
        others: Iterable[Path],
        *arguments: Argument,
        made: Sequence[Path] = (),
        read: Sequence[Path] = (),
    ) -> str:
        """Compile one source of a module as `compile` does; `others` are only parsed."""
        frontend = ("swiftc", "-frontend", arguments[0], *STRICT)
        words = (*arguments[1:], "-primary-file", source, *others)
        return self._compile(frontend, words, made, read)

    def _compile(
        self,
        command: tuple[Argument, ...],
        arguments: tuple[Argument, ...],
        made: Sequence[Path],
        read: Sequence[Path],
    ) -> str:
        key = key_of(f"{self.root.name} {DIGESTS}", (*command, *arguments), made, read)
        kept = products().find(key)
        if kept is not None:
            for path in made:
                shutil.copy(kept / path.name, path)
            return ""
        diagnostics = self.diagnose(*command, *arguments)
        if not diagnostics:
            products().take(key, lambda folder: _copy(made, folder))
        return diagnostics


def _copy(made: Iterable[Path], folder: Path) -> None:
    for path in made:
        shutil.copy(path, folder)


@dataclass(frozen=True, eq=False)
class Variant:
    """A sanitizer, and whether the calls of iOS 27 are compiled in."""

    name: str
    flags: tuple[str, ...]
    environment: Mapping[str, str]


THREADS: Final = Variant(
    "thread sanitizer, iOS 27",
    ("-sanitize=thread", "-D", "BGSVC_SDK_27"),
    # Python does not join its threads before the process exits.
    {"TSAN_OPTIONS": "halt_on_error=1 report_thread_leaks=0 atexit_sleep_ms=0"},
)
ADDRESSES: Final = Variant(
    "address sanitizer, before iOS 27",
    ("-sanitize=address",),
    # CPython does not free all memory before the process exits.
    {"ASAN_OPTIONS": "detect_leaks=0"},
)


@dataclass(frozen=True)
class Build:
    """Modules and programs of one variant.

    Attributes:
        cpython: The home of a CPython for this machine.
        folder: The folder of everything that is built.
    """

    swift: Swift
    variant: Variant
    cpython: Path
    folder: Path

    @property
    def _python(self) -> tuple[str, ...]:
        return ("-Xcc", f"-fmodule-map-file={MODULES}", "-Xcc", f"-I{self._headers}")

    @property
    def _headers(self) -> Path:
        return next((self.cpython / "include").glob("python3.*"))

    @property
    def _flags(self) -> list[Argument]:
        flags: list[Argument] = ["-Onone", "-g", "-enable-actor-data-race-checks"]
        flags += [*self.variant.flags, "-I", self.folder, "-Xcc", "-D_GNU_SOURCE=1"]
        return [*flags, *self.swift.cache, *self._python]

    @property
    def _read(self) -> tuple[Path, ...]:
        return (MODULES.parent, self._headers)

    def module(
        self,
        name: str,
        sources: Sequence[Path],
        how: Sequence[str] = WHOLE,
    ) -> str:
        """Compile a module, and return the diagnostics.

        Args:
            name: The name of the module.
            sources: Every source of the module.
            how: `WHOLE` is twice as fast. Without it each object has all the code of its source,
                and can be replaced.
        """
        module = self.folder / f"{name}.swiftmodule"
        places = {str(source): self.object(name, source) for source in sources}
        # The compiler reads where to write the objects; like them it counts by its name.
        output_map = self.folder / f"{name}.json"
        text = json.dumps({source: {"object": str(place)} for source, place in places.items()})
        output_map.write_text(text, encoding="utf-8")
        command: list[Argument] = [*self._flags, *LIBRARY, "-module-name", name, *how, "-c"]
        command += ["-output-file-map", output_map, "-emit-module", "-emit-module-path", module]
        made = [output_map, module, *places.values()]
        return self.swift.compile(*command, *sources, made=made, read=self._read)

    def object(self, module: str, source: Path) -> Path:
        """Return the path of the object of a module's source."""
        return self.folder / f"{module}.{source.stem}.o"

    def module_object(self, name: str, source: Path, others: Iterable[Path]) -> str:
        """Compile one source of a module, and return the diagnostics."""
        made = self.object(name, source)
        flags = (*self._flags, *LIBRARY, "-module-name", name, "-o", made)
        return self.swift.compile_one(source, others, "-c", *flags, made=[made], read=self._read)

    def check(self, name: str, source: Path, others: Iterable[Path]) -> str:
        """Type-check one source of a module, and return the diagnostics."""
        flags = (*self._flags, *LIBRARY, "-module-name", name)
        return self.swift.compile_one(source, others, "-typecheck", *flags, read=self._read)

    def objects(self, name: str, sources: Iterable[Path]) -> str:
        """Compile the sources of a program, and return the diagnostics."""
        made = self.folder / f"{name}.o"
        return self.swift.compile(
            *(*self._flags, "-module-name", name, *sources),
            *("-emit-object", "-whole-module-optimization", "-o", made),
            made=[made],
            read=self._read,
        )

    def program(self, name: str, objects: Iterable[Path]) -> str:
        """Link objects to a program, and return the diagnostics."""
        library = next(self.cpython.glob("libpython3.*.so.*"))
        made = self.folder / name
        command: list[Argument] = [*self._flags, *objects, str(library)]
        command += ["-Xlinker", f"-rpath={self.cpython}", "-o", made]
        return self.swift.compile(*command, made=[made], read=[library])

    def run(
        self, name: str, *arguments: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a built program; it has a minute."""
        # Without Swift's own backtraces, which take half a minute under a sanitizer.
        quick = {"SWIFT_BACKTRACE": "enable=no"}
        everything = {**quick, **self.variant.environment, **environment}
        home = environment["HOME"]
        command: list[Argument] = [
            "env",
            f"HOME={home}",
            f"TMPDIR={home}",
            self.folder / name,
            *arguments,
        ]
        return self.swift.run(*command, environment=everything, timeout=60)
