"""A virtual environment on the newest CPython: the one that the Android tests embed."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.native.cache import cache

ROOT: Final = Path(__file__).parents[3]
TESTERS: Final = frozenset(
    {
        *("execnet", "hypothesis", "iniconfig", "packaging", "pluggy", "pygments", "pytest"),
        *("pytest-xdist", "sortedcontainers"),
    }
)
"""What the runtime's own tests need besides the runtime."""


def environment(cpython: Path) -> Mapping[str, str]:
    """Return what the interpreter has to be started with: its library lies in its home."""
    # How many examples are tried is for the tests' own Python; here it is another one that counts.
    ours = ("PYTHON", "BGSVC_EXAMPLES")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "LD_LIBRARY_PATH": str(cpython), "PYTHONDONTWRITEBYTECODE": "1"}


def interpreter(cpython: Path) -> Path:
    """Return the interpreter of an environment with the pinned `TESTERS`, made once.

    Raises:
        subprocess.CalledProcessError: If they cannot be fetched.
    """
    pinned = (ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    blocks = re.findall(r"^\S.*(?:\n    .*)*", pinned, re.MULTILINE)
    wanted = "\n".join(one for one in blocks if one.split("==")[0] in TESTERS)
    name = hashlib.sha256(f"{cpython}\n{ROOT}\n{wanted}".encode()).hexdigest()[:16]
    made = cache() / "newest-python" / name
    if not made.is_dir():
        unfinished = made.with_name(f"{name}.{os.getpid()}")
        _make(cpython, wanted, unfinished)
        try:
            unfinished.rename(made)
        except OSError:
            # Another process was first.
            if not made.is_dir():
                raise
            shutil.rmtree(unfinished)
    return made / "bin/python"


def _make(cpython: Path, wanted: str, folder: Path) -> None:
    program = cpython / "bin/python3.14"
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    made_by = [str(program), "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(made_by, check=True, capture_output=True, env=environment(cpython))
    requirements = folder / "requirements.txt"
    requirements.write_text(wanted, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python")]
    install = ["install", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    subprocess.run(
        [*pip, *install, "-r", str(requirements)],
        check=True,
        capture_output=True,
        env=environment(cpython),
    )
    # As in .venv: a process that a test starts finds the runtime without being told where it is.
    [packages] = folder.glob("lib/python*/site-packages")
    packages.joinpath("bgsvc.pth").write_text(f"{ROOT / 'runtime'}\n", encoding="utf-8")
