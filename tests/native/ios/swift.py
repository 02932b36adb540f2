"""Swift as a function: what it is given, and what it says."""

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
    """A toolchain in a root of its own, which sees `folders` and /tmp of this machine.

    Attributes:
        scratch: Its home and its folder for temporary files.
    """

    root: Path
    folders: tuple[Path, ...]
    scratch: Path

    @property
    def cache(self) -> tuple[str, str]:
        """The flags for keeping the modules that the compiler makes of C headers."""
        return ("-module-cache-path", str(self.root / "headers"))

    def run(
        self,
        *command: Argument,
        environment: Mapping[str, str] | None = None,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the toolchain, or one it has built; what it says is in the result."""
        seen = " ".join(map(str, self.folders))
        return subprocess.run(
            ["sh", ENTER, self.root, seen, *command],
            check=False,
            capture_output=True,
            cwd=self.scratch,
            encoding="utf-8",
            env={**os.environ, **(environment or {})},
            errors="replace",
            timeout=timeout,
        )

    def said(self, *command: Argument, timeout: float = 300) -> str:
        """Run a program, and return what it says: nothing, if all is well."""
        run = self.run(*command, timeout=timeout)
        failed = "" if run.returncode == 0 else f"\n{command[0]} failed"
        return run.stdout + run.stderr + failed

    def compile(
        self,
        *arguments: Argument,
        made: Sequence[Path] = (),
        read: Sequence[Path] = (),
    ) -> str:
        """Compile as strictly as can be, and return what is said: nothing, if all is well.

        Args:
            arguments: Words; and paths of what is read or made, which may be elsewhere each time.
            made: What is made, if anything is.
            read: What is read beyond the arguments, and stays as it is while tests run.
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
        """As `compile`, for one source of a module, whose `others` are only looked up."""
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
        said = self.said(*command, *arguments)
        if not said:
            products().take(key, lambda folder: _copy(made, folder))
        return said


def _copy(made: Iterable[Path], folder: Path) -> None:
    for path in made:
        shutil.copy(path, folder)


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
        """Compile a module; return what the compiler says.

        Args:
            name: The module's.
            sources: All of them.
            how: As a whole, which is twice as fast. By itself, each source's object has all
                that is of the source, and can be replaced.
        """
        module = self.folder / f"{name}.swiftmodule"
        places = {str(source): self.object(name, source) for source in sources}
        # Says where the objects go, and counts as they do: by its name.
        where = self.folder / f"{name}.json"
        text = json.dumps({source: {"object": str(place)} for source, place in places.items()})
        where.write_text(text, encoding="utf-8")
        command: list[Argument] = [*self._flags, *LIBRARY, "-module-name", name, *how, "-c"]
        command += ["-output-file-map", where, "-emit-module", "-emit-module-path", module]
        made = [where, module, *places.values()]
        return self.swift.compile(*command, *sources, made=made, read=self._read)

    def object(self, module: str, source: Path) -> Path:
        """Return where the object of a module's source is."""
        return self.folder / f"{module}.{source.stem}.o"

    def module_object(self, name: str, source: Path, others: Iterable[Path]) -> str:
        """Compile one source of a module; return what the compiler says."""
        made = self.object(name, source)
        flags = (*self._flags, *LIBRARY, "-module-name", name, "-o", made)
        return self.swift.compile_one(source, others, "-c", *flags, made=[made], read=self._read)

    def check(self, name: str, source: Path, others: Iterable[Path]) -> str:
        """Type-check one source of a module; return what the compiler says."""
        flags = (*self._flags, *LIBRARY, "-module-name", name)
        return self.swift.compile_one(source, others, "-typecheck", *flags, read=self._read)

    def objects(self, name: str, sources: Iterable[Path]) -> str:
        """Compile a program's own sources; return what the compiler says."""
        made = self.folder / f"{name}.o"
        return self.swift.compile(
            *(*self._flags, "-module-name", name, *sources),
            *("-emit-object", "-whole-module-optimization", "-o", made),
            made=[made],
            read=self._read,
        )

    def program(self, name: str, objects: Iterable[Path]) -> str:
        """Link a program of objects; return what the linker says."""
        library = next(self.cpython.glob("libpython3.*.so.*"))
        made = self.folder / name
        command: list[Argument] = [*self._flags, *objects, str(library)]
        command += ["-Xlinker", f"-rpath={self.cpython}", "-o", made]
        return self.swift.compile(*command, made=[made], read=[library])

    def run(
        self, name: str, *arguments: str, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a program that was built."""
        # A crash ends at once: Swift's own backtraces take half a minute under a sanitizer.
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
