"""Packages of Debian, downloaded through apt and unpacked into a cache.

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
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PROGRAMS: Final = ("apt-get", "dpkg", "dpkg-deb", "gpgv", "tar", "unshare")

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


class DebianUnavailableError(Exception):
    """Says why this machine cannot have packages of Debian."""


def require_debian() -> None:
    """Check that packages of Debian can be had and unpacked here.

    Raises:
        DebianUnavailableError: If something is missing.
    """
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise DebianUnavailableError(f"{program} is not installed")
    if _said("dpkg", "--print-architecture") != "amd64":
        raise DebianUnavailableError("the packages of these tests are for x86-64")
    if not KEYRING.is_file():
        raise DebianUnavailableError(f"no {KEYRING}: the lists of Debian cannot be verified")


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
        raise DebianUnavailableError("apt knows no mirror; DEBIAN_MIRROR can name one")
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
        DebianUnavailableError: If one is missing, or not the one it should be.
    """
    found = {deb.name.partition("_")[0]: deb for deb in debs}
    for name, digest in digests.items():
        if name not in found:
            raise DebianUnavailableError(f"apt did not download {name}")
        if hashlib.sha256(found[name].read_bytes()).hexdigest() != digest:
            raise DebianUnavailableError(f"{found[name].name} is not the one it should be")


def unpack(debs: Iterable[Path], root: Path) -> None:
    """Unpack packages into what looks like the root of a file system."""
    for name in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "mnt"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(_unpack_one, root), debs))


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
