"""As much of an iOS SDK as a type check for the real triple needs, on Linux.

The standard library is the one Swift ships for Linux, as its textual interface: rebuilt for the
iOS triple, where `#available`, `@available` and `#if os(iOS)` mean what they mean to Xcode.
"""

import hashlib
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.native.ios.swift import Swift

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
"""Where the standard library is: without Objective-C for the stand-ins, with it for headers."""

ERRORS: Final = """
@frozen public struct AutoreleasingUnsafeMutablePointer<Pointee>: Swift._Pointer {
  public let _rawValue: Builtin.RawPointer
  public init(_ _rawValue: Builtin.RawPointer) { self._rawValue = _rawValue }
  public var pointee: Pointee { get { Builtin.unreachable() } nonmutating set {} }
}
"""
"""Where Objective-C puts an error; on Linux Swift's library has no such thing."""


@dataclass(frozen=True)
class IosSdk:
    """The SDK's folder, and how the compiler is told to use it.

    Attributes:
        cpython: The home of a CPython whose headers are read.
        target: Such as `arm64-apple-ios17.0`.
        modules: Where the modules of this target are.
    """

    swift: Swift
    folder: Path
    cpython: Path
    target: str
    modules: Path

    @property
    def flags(self) -> tuple[str, ...]:
        headers = next((self.cpython / "include").glob("python3.*"))
        python = Path(__file__).parents[3] / "templates/ios/python/module.modulemap"
        clang = (
            *("-nostdlibinc", f"-I{self.folder}/include", "-isystem"),
            *("/usr/include/x86_64-linux-musl", f"-fmodule-map-file={python}", f"-I{headers}"),
        )
        return (
            *("-target", self.target, "-sdk", str(self.folder), "-parse-as-library"),
            *("-module-cache-path", str(self.folder / "cache"), "-I", str(self.modules)),
            *(*CACHES["cache"], "-D", "BGSVC_SDK_27"),
            *(word for flag in clang for word in ("-Xcc", flag)),
        )

    def module(self, name: str, *sources: Path) -> str:
        """Emit a module's declarations; return what the compiler says."""
        command: list[str | Path] = [*self.flags, "-emit-module", "-module-name", name]
        command += ["-emit-module-path", self.modules / f"{name}.swiftmodule", *sources]
        return self.swift.compile(*command)

    def check(self, *sources: Path) -> str:
        """Type-check sources as one module; return what the compiler says."""
        return self.swift.compile(
            *self.flags, "-typecheck", "-module-name", "BgsvcServices", *sources
        )


def sdk_folder(swift: Swift, cache: Path) -> Path:
    """Return the SDK, written once for each recipe."""
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = cache / "ios" / f"sdk-{recipe}"
    if not folder.is_dir():
        work = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(work, ignore_errors=True)
        _write(swift.root, work)
        work.rename(folder)
    done = folder / "library-built"
    if not done.exists():
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(partial(_build_library, swift, folder), CACHES))
        if any(said):
            raise RuntimeError("\n".join(said))
        done.touch()
    return folder


def _build_library(swift: Swift, folder: Path, cache: str) -> str:
    """Build the standard library; return what the compiler says.

    By itself: built by a compilation that has module maps in sight, it would be built anew, for
    minutes, whenever one of those has another date.
    """
    source = folder / "empty.swift"
    source.touch()
    command: list[str | Path] = ["-target", "arm64-apple-ios13.0", "-sdk", folder]
    command += ["-module-cache-path", folder / cache, "-parse-as-library", "-typecheck"]
    command += ["-Xcc", "-nostdlibinc", *CACHES[cache], source]
    return swift.compile(*command, timeout=1200)


def _write(root: Path, folder: Path) -> None:
    (folder / "include/gnu").mkdir(parents=True)
    (folder / "include/gnu/stubs.h").touch()
    (folder / "include/TargetConditionals.h").write_text(CONDITIONALS, encoding="utf-8")
    (folder / "SDKSettings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    for module in MODULES:
        source = root / INTERFACES / f"{module}.swiftmodule/x86_64-pc-linux-gnu.swiftinterface"
        target = folder / f"usr/lib/swift/{module}.swiftmodule/arm64-apple-ios.swiftinterface"
        target.parent.mkdir(parents=True)
        text = _retargeted(source.read_text(encoding="utf-8"))
        target.write_text(text + (ERRORS if module == "Swift" else ""), encoding="utf-8")


def _retargeted(interface: str) -> str:
    """Return a textual interface for Linux as one for iOS."""
    changes = (
        (r"@backDeployed\([^)]*\)", ""),
        # The library itself is checked by those who build it; its own marks are for macOS too.
        (
            r"-target x86_64-pc-linux-gnu",
            "-disable-availability-checking -target arm64-apple-ios13.0",
        ),
        (r"(?m)^import Glibc$", ""),
        # 80-bit numbers, which this processor has not.
        (
            r"self = _stdlib_(?:remainderl\(self, other\)|squareRootl\(self\))",
            "Builtin.unreachable()",
        ),
    )
    for pattern, replacement in changes:
        interface = re.sub(pattern, replacement, interface)
    return interface
