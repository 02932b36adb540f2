"""An app in one file, made by PyInstaller, which is kept in a cache and nobody's dependency."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.native.linux.machine import ROOT

HERE: Final = Path(__file__).parent
MAIN: Final = HERE / "trials/app.py"
REQUIREMENTS: Final = HERE / "bundles/requirements.txt"
UNUSED: Final = ("distutils", "lib2to3", "pkg_resources", "pydoc", "setuptools", "tkinter")


class PyInstallerUnavailableError(Exception):
    """Says why this machine cannot have PyInstaller."""


def frozen_app(cache: Path) -> Path:
    """Return an app with the runtime and the trial services in it, made anew if those changed.

    Raises:
        PyInstallerUnavailableError: If it cannot be had.
        AssertionError: If it fails.
    """
    sources = sorted((ROOT / "runtime/bgsvc").rglob("*.py"))
    sources += [REQUIREMENTS, Path(__file__), *sorted((HERE / "trials").rglob("*.py"))]
    digest = hashlib.sha256(sys.version.encode())
    for path in sources:
        digest.update(path.read_bytes())
    app = cache / "linux" / f"frozen-{digest.hexdigest()[:16]}"
    if not app.is_file():
        work = app.with_name(f"{app.name}.{os.getpid()}")
        try:
            _freeze(_pyinstaller(cache), work)
            (work / "app").rename(app)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return app


def _pyinstaller(cache: Path) -> Path:
    """Return a folder with PyInstaller and what it needs, to the byte."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    home = cache / "linux" / f"pyinstaller-{digest[:16]}"
    if not home.is_dir():
        work = home.with_name(f"{home.name}.{os.getpid()}")
        words = ["install", "--quiet", "--no-deps", "--require-hashes", f"--target={work}"]
        command = [sys.executable, "-m", "pip", *words, "-r", str(REQUIREMENTS)]
        done = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
        if done.returncode:
            shutil.rmtree(work, ignore_errors=True)
            raise PyInstallerUnavailableError(done.stderr[-500:])
        work.rename(home)
    return home


def _freeze(pyinstaller: Path, work: Path) -> None:
    paths = [str(pyinstaller), str(ROOT / "runtime"), str(HERE)]
    words = ["--onefile", "--name=app", "--collect-submodules=bgsvc", "--collect-data=bgsvc"]
    words += ["--hidden-import=trials.services"]
    words += [f"--exclude-module={name}" for name in UNUSED]
    words += [f"--distpath={work}", f"--workpath={work}/build", f"--specpath={work}"]
    command = [sys.executable, "-m", "PyInstaller", *words, "--log-level=ERROR", str(MAIN)]
    work.mkdir(parents=True)
    variables = {"PYTHONPATH": ":".join(paths), "PYINSTALLER_CONFIG_DIR": str(work / "config")}
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **variables},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
