"""The Swift toolchain of Debian trixie, downloaded through apt and unpacked into a cache.

Nothing is installed: apt uses its own lists, state and sources, no package script runs, and
nothing outside the cache is written.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.native.debian import (
    DebianUnavailableError,
    download,
    require_debian,
    unpack,
    verify,
)

VERSION: Final = "6.0.3-2"
DIGESTS: Final = {
    "swiftlang": "be005017c07f0932564c48761f7f69d2f4e942d514e106932913ca8cf594c4a1",
    "libswiftlang": "8279334aaf16e6b62b8d124d6d5d94cb2a92666986cec491bf4ad03a0a9ae3e4",
}
"""The digests of the compiler and its libraries; trixie's signed lists vouch for the rest."""

COMPANIONS: Final = ("libc6-dev", "libgcc-14-dev", "binutils", "musl-dev", "dash", "coreutils")
RECIPE: Final = "1"
"""Increase it when the unpacked files change."""


class SwiftUnavailableError(Exception):
    """The toolchain is not available on this machine; the message says why."""


def swift_root(cache: Path) -> Path:
    """Return a folder that is the root of a file system with Swift.

    Raises:
        SwiftUnavailableError: A program is missing, or the packages cannot be downloaded.
    """
    root = cache / "ios" / f"swift-{VERSION}-{RECIPE}"
    if root.is_dir():
        return root
    work = root.with_name(f"{root.name}.{os.getpid()}")
    try:
        require_debian()
        unpacked = work / "root"
        packages = [*(f"{name}={VERSION}" for name in DIGESTS), *COMPANIONS]
        debs = download(work / "apt", packages)
        verify(debs, DIGESTS)
        unpack(debs, unpacked)
        _finish(unpacked)
        unpacked.rename(root)
    except (OSError, DebianUnavailableError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise SwiftUnavailableError(f"Swift could not be fetched: {detail}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return root


def _finish(root: Path) -> None:
    for name in ("swift", "clang"):
        (root / "usr/bin" / name).unlink(missing_ok=True)
        (root / "usr/bin" / name).symlink_to(f"/usr/libexec/swift/bin/{name}")
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")
