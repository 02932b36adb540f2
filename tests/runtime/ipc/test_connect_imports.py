"""What a client's process loads: a user interface pays for the connection, not for a daemon."""

import sys
from pathlib import Path

import pytest

from tests.runtime.processes import ROOT, ended, hosted

CLIENT_ROOMS = {"_ipc", "_lite", "_model", "_storage"}
COSTLY = {
    *("argparse", "asyncio", "ctypes", "dataclasses", "inspect", "json", "logging", "pathlib"),
    *("re", "subprocess", "typing"),
    *("bgsvc._storage.quota", "bgsvc._storage.state_cache", "bgsvc._storage.state_file"),
}
CLIENT = f"""\
import sys
before = set(sys.modules)
sys.path.insert(0, {str(ROOT / "runtime")!r})
import bgsvc
try:
    with bgsvc.connect("sync", data_dir=sys.argv[1]) as service:
        print(service.is_running())
except bgsvc.BackgroundServiceError as error:
    print(error.code)
print(*set(sys.modules) - before)
"""


def loaded_by_client(folder: Path) -> "tuple[str, set[str]]":
    """Connect in a fresh interpreter; return what it printed and the modules it loaded."""
    done = ended([sys.executable, "-I", "-S", "-c", CLIENT, str(folder)])
    result, modules = done.stdout.splitlines()
    return result, set(modules.split())


def rooms_of(modules: "set[str]") -> "set[str]":
    return {name.split(".")[1] for name in modules if name.startswith("bgsvc.")}


@pytest.mark.parametrize("daemon_runs", [True, False])
def test_connect_loads_the_rooms_of_a_client_and_nothing_costly(
    tmp_path: Path, *, daemon_runs: bool
) -> None:
    if daemon_runs:
        with hosted(tmp_path) as told:
            told.until("started")
            result, modules = loaded_by_client(tmp_path)
    else:
        result, modules = loaded_by_client(tmp_path)

    assert result == ("True" if daemon_runs else "ipc")
    assert rooms_of(modules) <= CLIENT_ROOMS
    assert modules.isdisjoint(COSTLY)
