"""The runtime's own tests on the newest Python; all others run on the one that made `.venv`."""

import subprocess
from pathlib import Path

import pytest

from tests.native.provision import lacks
from tests.native.python.newest_python import ROOT, environment, interpreter

pytestmark = pytest.mark.native


@pytest.fixture(scope="module")
def python(cpython: Path) -> Path:
    try:
        return interpreter(cpython)
    except (OSError, subprocess.CalledProcessError) as error:
        lacks(f"pytest could not be fetched for the newest Python: {error}")


def test_the_runtimes_tests_pass_on_python_3_14(cpython: Path, python: Path) -> None:
    env = {**environment(cpython), "PYTHONPATH": str(ROOT / "runtime")}
    asked = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    assert subprocess.check_output(asked, env=env, text=True).split() == ["3", "14"]
    run = subprocess.run(
        [
            *(str(python), "-m", "pytest", "tests/runtime", "-q"),
            *("-p", "no:cacheprovider", "-m", "not slow and not native"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env,
        timeout=900,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
