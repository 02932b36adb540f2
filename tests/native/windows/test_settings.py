"""What a spec says of a service's account, order, folder and session: read back from Windows.

Wine keeps an account's name and runs everything as its one user. It keeps what a service needs
where Windows does, and does not tell it when asked; of a delayed start it keeps nothing, and
all of its processes are in session 1. What it lacks is held to the letter in `tests/runtime`.
"""

import json
from functools import partial
from typing import Any

import pytest

from bgsvc_gen.spec.model import Desktop, Windows
from tests.native.windows.machine import APP, TICK, Machine, definition, eventually, installed

pytestmark = pytest.mark.native

READ = f"""
import json, winreg
from bgsvc._os.windows.registry import SERVICES
from bgsvc._os.windows.scm import QUERY, advapi32, manager, opened
with manager(advapi32()) as scm, opened(scm, {TICK!r}, QUERY) as service:
    account = str(service.definition().account)
with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, SERVICES + "\\\\" + {TICK!r}) as key:
    try:
        after = winreg.QueryValueEx(key, "DependOnService")[0]
    except FileNotFoundError:
        after = []
print(json.dumps({{"account": account, "after": after}}))
"""


def ended(machine: Machine, label: str) -> bool:
    """Return whether a service has ended."""
    return bool(machine.done("status", label)["state"] == "installed")


def kept(machine: Machine) -> dict[str, Any]:
    """Return what the service control manager has of the trial service."""
    found: dict[str, Any] = json.loads(machine.code(READ))
    return found


@pytest.mark.parametrize(
    ("desktop", "account"),
    [
        (Desktop("system"), "LocalSystem"),
        (Desktop("system", user="root"), "LocalSystem"),
        (Desktop("system", user="notes"), f"NT SERVICE\\{TICK}"),
        (
            Desktop("system", user="notes", windows=Windows("NetworkService")),
            "NT AUTHORITY\\NetworkService",
        ),
    ],
    ids=["nobody", "root", "somebody", "named"],
)
def test_a_service_has_the_account_that_the_spec_asks_for(
    machine: Machine, desktop: Desktop, account: str
) -> None:
    installed(machine, definition(desktop=desktop))

    assert kept(machine)["account"] == account


def test_an_upgrade_changes_account_and_order_and_takes_them_back(machine: Machine) -> None:
    plain = installed(machine, definition())
    before = kept(machine)
    asked = Windows("LocalService", after=("RpcSs", "Eventlog"))
    desktop = Desktop("system", start_delay=30.0, windows=asked)

    installed(machine, definition(desktop=desktop))
    after = kept(machine)
    installed(machine, definition())

    assert plain["findings"] == []
    assert (before["account"], before["after"]) == ("LocalSystem", [])
    assert after["account"] == "NT AUTHORITY\\LocalService"
    assert after["after"] == ["RpcSs", "Eventlog"]
    assert kept(machine) == before


def test_a_service_starts_in_the_folder_that_the_spec_names(machine: Machine) -> None:
    there = "C:\\Trial folder & co"
    desktop = Desktop("system", windows=Windows(working_directory=there))
    missing = installed(machine, definition(desktop=desktop))
    (machine.box.drive / "Trial folder & co").mkdir()
    running = machine.done("start", TICK)
    found = machine.facts["cwd"]

    home = Desktop("system", working_directory="~")
    installed(machine, definition(desktop=home))

    assert [one["code"] for one in missing["findings"]] == ["folder_missing"]
    assert (running["findings"], found) == ([], there)
    assert machine.facts["cwd"] == machine.facts["environment"]["USERPROFILE"]


def test_a_run_that_ends_by_itself_fails_only_where_it_is_to_run_always(machine: Machine) -> None:
    installed(machine, definition("trial:Brief", "brief"))
    installed(machine, definition("trial:Brief", "again", restart="always"))
    for label, status in ((f"{APP}.brief", 0), (f"{APP}.again", 75)):
        machine.done("start", label)
        assert eventually(partial(ended, machine, label))

        assert machine.done("status", label)["lastExit"]["status"] == status


def test_a_stop_by_the_manager_is_no_failure_though_it_is_to_run_always(machine: Machine) -> None:
    installed(machine, definition(restart="always"))
    machine.done("start", TICK)

    stopped = machine.done("stop", TICK)

    assert stopped["lastExit"] == {"result": "success", "status": 0, "signal": None}


def test_what_needs_a_desktop_in_session_0_is_told_with_its_fix(machine: Machine) -> None:
    installed(machine, definition())
    plain = machine.done("status", TICK)["findings"]
    (machine.packages / "desktop_notifier.py").touch()
    try:
        idle = machine.done("status", TICK)["findings"]
        running = machine.done("start", TICK)
        session, own = machine.code(
            "import os; from bgsvc._os.windows.session import session_of\n"
            f"print(session_of({running['pid']}), session_of(os.getpid()))"
        ).split()
        seen = machine.code(
            "from bgsvc._os.findings import setup_issues\n"
            f"print(*(one.code for one in setup_issues({TICK!r}, at_boot=False)))"
        ).split()
    finally:
        (machine.packages / "desktop_notifier.py").unlink()

    expected = ["session_zero"] if session == "0" else []
    assert plain == []
    assert [(one["code"], one["severity"]) for one in idle] == [("session_zero", "warning")]
    assert "makes it a task in the session of its user" in idle[0]["fix"]
    assert [one["code"] for one in running["findings"]] == expected
    assert seen == (["session_zero"] if own == "0" else []) + expected
