"""The parts of an iOS SDK that a type check for the real triple needs, on Linux.

The standard library is rebuilt for the iOS triple from the textual interface that Swift ships for
Linux. For that triple `#available`, `@available` and `#if os(iOS)` mean the same as in Xcode.
"""

import hashlib
import inspect
import json
import os
import re
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.native.ios.compilation import Argument
from tests.native.ios.swift import MODULES as PYTHON
from tests.native.ios.swift import STRICT, Swift

STUBS: Final = Path(__file__).with_name("stubs")
MODULES: Final = ("Swift", "_Concurrency", "_StringProcessing", "SwiftOnoneSupport")
INTERFACES: Final = Path("usr/libexec/swift/lib/swift/linux")
SETTINGS: Final[dict[str, object]] = {
    "CanonicalName": "iphoneos27.0",
    "DisplayName": "declarations for a type check",
    "Version": "27.0",
    "MaximumDeploymentTarget": "27.0.99",
    "DefaultDeploymentTarget": "27.0",
    "SupportedTargets": {},
}
CONDITIONALS: Final = (
    "#define TARGET_OS_MAC 1\n#define TARGET_OS_IPHONE 1\n#define TARGET_OS_IOS 1\n"
    "#define TARGET_OS_OSX 0\n#define TARGET_OS_SIMULATOR 0\n#define TARGET_OS_TV 0\n"
    "#define TARGET_OS_WATCH 0\n#define TARGET_OS_VISION 0\n#define TARGET_OS_MACCATALYST 0\n"
)
CACHES: Final[dict[str, tuple[str, ...]]] = {
    "cache": ("-Xfrontend", "-disable-objc-interop"),
    "cache-headers": (),
}
"""The module caches of the standard library: without Objective-C for the stand-ins, with it for
headers."""

ERRORS: Final = """
@frozen public struct AutoreleasingUnsafeMutablePointer<Pointee>: Swift._Pointer {
  public let _rawValue: Builtin.RawPointer
  public init(_ _rawValue: Builtin.RawPointer) { self._rawValue = _rawValue }
  public var pointee: Pointee { get { Builtin.unreachable() } nonmutating set {} }
}
"""
"""The pointer through which Objective-C returns an error; Swift's library for Linux lacks it."""


@dataclass(frozen=True)
class IosSdk:
    """The SDK's folder, and the flags that make the compiler use it.

    Attributes:
        cpython: The home of the CPython whose headers are used.
        target: The triple, such as `arm64-apple-ios17.0`.
        modules: Where the modules of this target are.
    """

    swift: Swift
    folder: Path
    cpython: Path
    target: str
    modules: Path

    @property
    def _flags(self) -> tuple[Argument, ...]:
        clang = (
            *("-nostdlibinc", f"-I{self.folder}/include", "-isystem"),
            *("/usr/include/x86_64-linux-musl", f"-fmodule-map-file={PYTHON}"),
            f"-I{self._headers}",
        )
        return (
            *("-target", self.target, "-sdk", str(self.folder), "-parse-as-library"),
            *("-module-cache-path", str(self.folder / "cache"), "-I", self.modules),
            *("-D", "BGSVC_SDK_27"),
            *(word for flag in clang for word in ("-Xcc", flag)),
        )

    @property
    def _headers(self) -> Path:
        return next((self.cpython / "include").glob("python3.*"))

    @property
    def _read(self) -> tuple[Path, ...]:
        return (PYTHON.parent, self._headers)

    def module(self, name: str, *sources: Path) -> str:
        """Emit a module's declarations, and return the diagnostics."""
        made = self.modules / f"{name}.swiftmodule"
        command: list[Argument] = [*self._flags, *CACHES["cache"], "-emit-module"]
        command += ["-module-name", name, "-whole-module-optimization"]
        command += ["-emit-module-path", made, *sources]
        return self.swift.compile(*command, made=[made], read=self._read)

    def check(self, *sources: Path) -> str:
        """Type-check sources as one module, and return the diagnostics."""
        command: list[Argument] = [*self._flags, *CACHES["cache"], "-typecheck"]
        command += ["-module-name", "BgsvcServices", "-whole-module-optimization", *sources]
        return self.swift.compile(*command, read=self._read)

    def check_one(self, source: Path, others: Iterable[Path]) -> str:
        """Type-check one source of a module, and return the diagnostics."""
        own = [word for word in CACHES["cache"] if word != "-Xfrontend"]
        flags = (*self._flags, *own, "-module-name", "BgsvcServices")
        return self.swift.compile_one(source, others, "-typecheck", *flags, read=self._read)


def sdk_folder(swift: Swift, cache: Path) -> Path:
    """Return the folder of the SDK, which is written once for each recipe."""
    recipe = f"{swift.root.name} {SETTINGS} {CONDITIONALS} {CACHES} {ERRORS}"
    for function in (_build_library, _write, _retarget):
        recipe += inspect.getsource(function)
    folder = cache / "ios" / f"sdk-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
    if not folder.is_dir():
        work = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(work, ignore_errors=True)
        _write(swift.root, work)
        work.rename(folder)
    done = folder / "library-built"
    if not done.exists():
        with ThreadPoolExecutor(2) as pool:
            diagnostics = list(pool.map(partial(_build_library, swift, folder), CACHES))
        if any(diagnostics):
            raise RuntimeError("\n".join(diagnostics))
        done.touch()
    return folder


def _build_library(swift: Swift, folder: Path, cache: str) -> str:
    """Build the standard library, and return the diagnostics.

    The library is built in a compilation of its own. If that had module maps in its search path,
    the compiler would rebuild the library, for minutes, whenever the date of one changes.
    """
    source = folder / "empty.swift"
    source.touch()
    command: list[str | Path] = ["-target", "arm64-apple-ios13.0", "-sdk", folder]
    command += ["-module-cache-path", folder / cache, "-parse-as-library", "-typecheck"]
    command += ["-Xcc", "-nostdlibinc", *CACHES[cache], source]
    return swift.diagnose("swiftc", *STRICT, *command, timeout=1200)


def _write(root: Path, folder: Path) -> None:
    (folder / "include/gnu").mkdir(parents=True)
    (folder / "include/gnu/stubs.h").touch()
    (folder / "include/TargetConditionals.h").write_text(CONDITIONALS, encoding="utf-8")
    (folder / "SDKSettings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    for module in MODULES:
        source = root / INTERFACES / f"{module}.swiftmodule/x86_64-pc-linux-gnu.swiftinterface"
        target = folder / f"usr/lib/swift/{module}.swiftmodule/arm64-apple-ios.swiftinterface"
        target.parent.mkdir(parents=True)
        text = _retarget(source.read_text(encoding="utf-8"))
        target.write_text(text + (ERRORS if module == "Swift" else ""), encoding="utf-8")


def _retarget(interface: str) -> str:
    """Convert a textual interface for Linux to one for iOS."""
    changes = (
        (r"@backDeployed\([^)]*\)", ""),
        # The library's own availability is for macOS, too; Swift's project checks it.
        (
            r"-target x86_64-pc-linux-gnu",
            "-disable-availability-checking -target arm64-apple-ios13.0",
        ),
        (r"(?m)^import Glibc$", ""),
        # arm64 has no 80-bit numbers.
        (
            r"self = _stdlib_(?:remainderl\(self, other\)|squareRootl\(self\))",
            "Builtin.unreachable()",
        ),
    )
    for pattern, replacement in changes:
        interface = re.sub(pattern, replacement, interface)
    return interface
