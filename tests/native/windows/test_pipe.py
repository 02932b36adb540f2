"""The channel as a named pipe: its tests, run by the CPython of a Windows machine.

They are those that hold the Unix sockets, and those of what only a pipe has. Wine gives all of
its processes one user and enforces no access list: what a list says is read back, not felt.
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.native.windows.machine import Machine
from tests.native.windows.winebox import WineBox, windows_path

pytestmark = pytest.mark.native

REPOSITORY = Path(__file__).parents[3]
TESTS = REPOSITORY / "tests/runtime/ipc"
PACKAGES = Path(pytest.__file__).parents[1]  # pytest and what it needs are plain Python
NO_FORK = "Windows does not fork"


Outcomes = dict[str, dict[str, str]]
"""Module → test → what became of it, in a word or its own."""

SUITES = ("test_pipes", "test_events", "test_frames", "test_requests", "test_restarts")
DEFECTS = "test_known_defects"


def outcomes(box: WineBox, modules: Iterable[str], *options: str) -> Outcomes:
    """Run the tests of modules on Windows, in one go."""
    report = box.drive / "report.xml"
    report.unlink(missing_ok=True)
    places = (REPOSITORY / "runtime", REPOSITORY, PACKAGES)
    run = box.run(
        box.python,
        *("-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", *options),
        f"--rootdir={windows_path(REPOSITORY)}",
        f"--junit-xml=C:\\{report.name}",
        *(windows_path(TESTS / f"{module}.py") for module in modules),
        environment={
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": ";".join(map(windows_path, places)),
            "PYTHONUTF8": "1",
        },
        timeout=900,
    )
    assert report.exists(), run.stdout + run.stderr
    found: Outcomes = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest's own
        module = str(case.get("classname")).rpartition(".")[2]
        word = "passed" if len(case) == 0 else str(case[0].get("message"))
        found.setdefault(module, {})[str(case.get("name"))] = word
    return found


@pytest.fixture(scope="module")
def found(booted: Machine) -> Outcomes:
    """Run once what is not slow: a Python that starts there takes its time."""
    chosen = f"not {DEFECTS} or p06 or p07 or steals"
    return outcomes(booted.box, (*SUITES, DEFECTS), "-m", "not slow", "-k", chosen)


@pytest.mark.parametrize(
    ("module", "least"),
    [("test_pipes", 16), ("test_events", 13), ("test_frames", 9), ("test_requests", 5)],
)
def test_a_named_pipe_keeps_what_it_promises_and_is_the_channel_that_a_socket_is(
    found: Outcomes, module: str, least: int
) -> None:
    assert len(found[module]) >= least
    assert set(found[module].values()) == {"passed"}, found[module]


def test_a_client_lives_through_restarts_of_its_daemon_on_windows(found: Outcomes) -> None:
    told = found["test_restarts"]
    able = {name: word for name, word in told.items() if not word.endswith(NO_FORK)}

    assert len(able) >= 6
    assert set(able.values()) == {"passed"}, told


def test_others_defects_are_not_ours_on_windows(found: Outcomes) -> None:
    assert len(found[DEFECTS]) >= 4
    assert set(found[DEFECTS].values()) == {"passed"}, found[DEFECTS]


@pytest.mark.slow
def test_thousands_of_connections_and_spoiled_frames_leave_no_handle_behind(
    booted: Machine,
) -> None:
    told = outcomes(booted.box, ("test_frames", "test_restarts"), "-m", "slow")

    assert set(told) == {"test_frames", "test_restarts"}
    assert {word for words in told.values() for word in words.values()} == {"passed"}, told
