"""The channel's own tests where it is a named pipe: run by the CPython for Windows, under Wine."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.native.windows.machine import REPOSITORY, Machine
from tests.native.windows.winebox import windows_path

pytestmark = pytest.mark.native

SUITES = ("test_pipes",)
PURE = (
    *("_pytest", "attr", "attrs", "hypothesis", "iniconfig", "packaging", "pluggy", "py"),
    *("pygments", "pytest", "sortedcontainers"),
)
"""What they are run with; none of it is compiled for one system."""


def test_the_channels_tests_pass_where_it_is_a_named_pipe(machine: Machine, tmp_path: Path) -> None:
    for name in PURE:
        found = importlib.util.find_spec(name)
        if found is not None and found.origin:
            origin = Path(found.origin)
            kept = origin.parent if origin.name == "__init__.py" else origin
            (tmp_path / kept.name).symlink_to(kept)
    paths = (tmp_path, REPOSITORY / "runtime", REPOSITORY)
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "--rootdir")
    suites = (windows_path(REPOSITORY / f"tests/runtime/ipc/{name}.py") for name in SUITES)

    run = machine.box.run(
        machine.python,
        *(*words, windows_path(REPOSITORY), *suites),
        environment={"PYTHONPATH": ";".join(map(windows_path, paths)), "PYTHONUTF8": "1"},
        timeout=300,
    )

    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    passed = re.search(r"(\d+) passed", run.stdout)
    assert passed
    assert int(passed[1]) > 15
