"""The channel as a named pipe: its tests, run by the CPython of a Windows machine.

They are those that hold the Unix sockets, and those of what only a pipe has. Wine gives all of
its processes one user and enforces no access list: what a list says is read back, not felt.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.native.windows.winebox import WineBox, copied, windows_path

pytestmark = pytest.mark.native

REPOSITORY = Path(__file__).parents[3]
TESTS = REPOSITORY / "tests/runtime/ipc"
PACKAGES = Path(pytest.__file__).parents[1]  # pytest and what it needs are plain Python
NO_FORK = "Windows does not fork"


@pytest.fixture(scope="module")
def box(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WineBox]:
    with copied(home, tmp_path_factory.mktemp("pipe") / "prefix") as made:
        yield made


def outcomes(box: WineBox, module: str, *options: str) -> "dict[str, str]":
    """Run a module's tests on Windows; return what became of each, in a word or its own."""
    report = box.drive / f"{module}.xml"
    places = (REPOSITORY / "runtime", REPOSITORY, PACKAGES)
    run = box.run(
        box.python,
        *("-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", *options),
        f"--rootdir={windows_path(REPOSITORY)}",
        f"--junit-xml=C:\\{report.name}",
        windows_path(TESTS / f"{module}.py"),
        environment={
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": ";".join(map(windows_path, places)),
            "PYTHONUTF8": "1",
        },
        timeout=900,
    )
    assert report.exists(), run.stdout + run.stderr
    return {
        str(case.get("name")): "passed" if len(case) == 0 else str(case[0].get("message"))
        for case in ET.parse(report).iter("testcase")  # noqa: S314 - pytest's own
    }


def test_a_named_pipe_keeps_what_it_promises(box: WineBox) -> None:
    found = outcomes(box, "test_pipes")

    assert len(found) >= 16
    assert set(found.values()) == {"passed"}, found


@pytest.mark.parametrize(
    ("module", "least"), [("test_events", 13), ("test_frames", 9), ("test_requests", 5)]
)
def test_the_channel_over_a_pipe_is_the_one_over_a_socket(
    box: WineBox, module: str, least: int
) -> None:
    found = outcomes(box, module, "-m", "not slow")

    assert len(found) >= least
    assert set(found.values()) == {"passed"}, found


def test_a_client_lives_through_restarts_of_its_daemon_on_windows(box: WineBox) -> None:
    found = outcomes(box, "test_restarts", "-m", "not slow")
    able = {name: word for name, word in found.items() if not word.endswith(NO_FORK)}

    assert len(able) >= 6
    assert set(able.values()) == {"passed"}, found


def test_others_defects_are_not_ours_on_windows(box: WineBox) -> None:
    found = outcomes(box, "test_known_defects", "-k", "p06 or p07 or steals")

    assert len(found) >= 4
    assert set(found.values()) == {"passed"}, found


@pytest.mark.slow
@pytest.mark.parametrize("module", ["test_frames", "test_restarts"])
def test_thousands_of_connections_and_spoiled_frames_leave_no_handle_behind(
    box: WineBox, module: str
) -> None:
    found = outcomes(box, module, "-m", "slow")

    assert set(found.values()) == {"passed"}, found
