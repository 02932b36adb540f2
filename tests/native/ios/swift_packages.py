"""The Swift toolchain of Debian trixie, downloaded through apt and unpacked into a cache.

Nothing is installed: apt works with lists, state and sources of its own, no package's scripts
run, and nothing outside the cache is written.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

SUITE: Final = "trixie"
VERSION: Final = "6.0.3-2"
DIGESTS: Final = {
    "swiftlang": "be005017c07f0932564c48761f7f69d2f4e942d514e106932913ca8cf594c4a1",
    "libswiftlang": "8279334aaf16e6b62b8d124d6d5d94cb2a92666986cec491bf4ad03a0a9ae3e4",
}
"""The compiler and its libraries, to the byte; the rest is what trixie's signed lists name."""

COMPANIONS: Final = ("libc6-dev", "libgcc-14-dev", "binutils", "musl-dev", "dash", "coreutils")
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PROGRAMS: Final = ("apt-get", "dpkg", "dpkg-deb", "gpgv", "tar", "unshare")
RECIPE: Final = "1"
"""To be counted up when what is unpacked changes."""

LEFT_OUT: Final = (
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/locale",
    "./usr/libexec/swift/lib/swift/embedded",
    "./usr/libexec/swift/lib/swift_static/embedded",
    "./usr/libexec/swift/bin/lldb*",
    "./usr/libexec/swift/bin/clangd",
    "./usr/libexec/swift/lib/liblldb*",
)


class SwiftUnavailableError(Exception):
    """Says why this machine cannot have the toolchain."""


def swift_root(cache: Path) -> Path:
    """Return a folder that is the root of a file system with Swift in it.

    Raises:
        SwiftUnavailableError: If a program is missing, or the packages cannot be had.
    """
    root = cache / "ios" / f"swift-{VERSION}-{RECIPE}"
    if root.is_dir():
        return root
    require_debian()
    work = root.with_name(f"{root.name}.{os.getpid()}")
    try:
        unpacked = work / "root"
        wanted = [*(f"{name}={VERSION}" for name in DIGESTS), *COMPANIONS]
        debs = download(work / "apt", wanted)
        verify(debs, DIGESTS)
        unpack(debs, unpacked)
        _finish(unpacked)
        unpacked.rename(root)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise SwiftUnavailableError(f"Swift could not be fetched: {detail}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return root


def require_debian() -> None:
    """Check that packages of Debian can be had and unpacked here.

    Raises:
        SwiftUnavailableError: If something is missing.
    """
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise SwiftUnavailableError(f"{program} is not installed")
    if _said("dpkg", "--print-architecture") != "amd64":
        raise SwiftUnavailableError("the packages of these tests are for x86-64")
    if not KEYRING.is_file():
        raise SwiftUnavailableError(f"no {KEYRING}: the lists of Debian cannot be verified")


def _said(*command: str) -> str:
    run = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    return run.stdout.strip()


def _mirror() -> str:
    """Return the Debian mirror this machine already uses."""
    if given := os.environ.get("DEBIAN_MIRROR"):
        return given
    said = _said("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    mirrors = [line for line in said.splitlines() if "security" not in line]
    if not mirrors:
        raise SwiftUnavailableError("apt knows no mirror; DEBIAN_MIRROR can name one")
    return mirrors[0]


def download(work: Path, wanted: Iterable[str]) -> list[Path]:
    """Let apt resolve and download the packages, in a state of its own."""
    apt = PrivateApt(work, SUITE)
    apt.run("--yes", "--download-only", "install", *wanted)
    return sorted((work / "cache/archives").glob("*.deb"))


class PrivateApt:
    """An apt with lists and state of its own in `work`; it knows the packages of `suite`."""

    def __init__(self, work: Path, suite: str) -> None:
        for name in ("lists/partial", "cache/archives/partial", "etc"):
            (work / name).mkdir(parents=True)
        (work / "status").touch()
        source = f"deb [signed-by={KEYRING} arch=amd64] {_mirror()} {suite} main\n"
        (work / "etc/sources.list").write_text(source, encoding="utf-8")
        (work / "apt.conf").write_text(_configuration(work), encoding="utf-8")
        self._work = work
        self.run("update")

    def run(self, *command: str) -> None:
        """Run `apt-get`; `apt-get download` puts its files into `work`."""
        subprocess.run(
            ["apt-get", "--quiet", *command],
            check=True,
            capture_output=True,
            cwd=self._work,
            encoding="utf-8",
            env={**os.environ, "APT_CONFIG": str(self._work / "apt.conf"), "LC_ALL": "C"},
        )


def _configuration(work: Path) -> str:
    settings = {
        "Dir::Etc::sourcelist": work / "etc/sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State": work,
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Architecture": "amd64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
    }
    lines = [f'{key} "{value}";' for key, value in settings.items()]
    return "\n".join([*lines, 'APT::Architectures { "amd64"; };', ""])


def verify(debs: Iterable[Path], digests: Mapping[str, str]) -> None:
    """Check packages, to the byte.

    Raises:
        SwiftUnavailableError: If one is missing, or not the one it should be.
    """
    found = {deb.name.partition("_")[0]: deb for deb in debs}
    for name, digest in digests.items():
        if name not in found:
            raise SwiftUnavailableError(f"apt did not download {name}")
        if hashlib.sha256(found[name].read_bytes()).hexdigest() != digest:
            raise SwiftUnavailableError(f"{found[name].name} is not the one it should be")


def unpack(debs: Iterable[Path], root: Path) -> None:
    """Unpack packages into what looks like the root of a file system."""
    for name in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "mnt"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_unpack_one, root), debs))


def _finish(root: Path) -> None:
    for name in ("swift", "clang"):
        (root / "usr/bin" / name).unlink(missing_ok=True)
        (root / "usr/bin" / name).symlink_to(f"/usr/libexec/swift/bin/{name}")
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")


def _unpack_one(root: Path, deb: Path) -> None:
    excluded = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as content:
        subprocess.run(
            [
                *("tar", "--extract", "--file=-", f"--directory={root}"),
                *("--no-same-owner", "--keep-directory-symlink", *excluded),
            ],
            check=True,
            stdin=content.stdout,
        )
