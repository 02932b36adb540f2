"""A service under Windows' service control manager: Wine's, with a real CPython for Windows.

Wine 8 neither restarts what failed nor keeps failure actions, knows no privileges, no session 0
and no event log; what we hand to Windows for those is held to the letter in `tests/runtime`.
"""

import pytest

from tests.native.windows.machine import APP, TICK, Machine, definition, eventually, installed

pytestmark = pytest.mark.native


def test_a_service_is_installed_started_stopped_and_removed_through_its_manager(
    machine: Machine,
) -> None:
    before = machine.done("status", TICK)
    fresh = installed(machine, definition())
    running = machine.done("start", TICK)
    assert eventually(lambda: machine.done("status", TICK)["ipcConnected"])
    again = machine.done("start", TICK)
    stopped = machine.done("stop", TICK)
    gone = machine.done("uninstall", TICK)

    assert before["state"] == "notInstalled"
    assert (fresh["state"], fresh["scope"], fresh["enabled"]) == ("installed", "system", True)
    assert (fresh["lastExit"], fresh["pid"], fresh["findings"]) == (None, None, [])
    assert (running["state"], running["detail"]) == ("running", "running")
    assert running["pid"] == machine.facts["pid"] == again["pid"]
    assert (fresh["ipcConnected"], again["ipcConnected"], stopped["ipcConnected"]) == (
        None,
        True,
        None,
    )
    assert (stopped["state"], stopped["pid"]) == ("installed", None)
    assert stopped["lastExit"] == {"result": "success", "status": 0, "signal": None}
    assert machine.diary == ["begun", "draining", "ended processExit"]
    assert gone["state"] == "notInstalled"


def test_p10_uninstalling_ends_a_running_service_and_leaves_nothing(machine: Machine) -> None:
    installed(machine, definition())
    process = machine.done("start", TICK)["pid"]

    gone = machine.done("uninstall", TICK)

    left = machine.code(
        "from bgsvc._os.windows.registry import leftovers\n"
        "from bgsvc._os.windows.log import log_folder\n"
        "from bgsvc._os.windows.processes import Watched\n"
        f"import os; print(leftovers({TICK!r}), os.path.exists(log_folder({TICK!r})),"
        f" Watched({process}).ended(0))"
    )
    assert gone["state"] == "notInstalled"
    assert machine.diary[-1] == "ended processExit"
    assert left == "[] False True"
    assert machine.done("uninstall", TICK)["state"] == "notInstalled"


def test_installing_again_changes_what_differs_and_nothing_else(machine: Machine) -> None:
    installed(machine, definition())
    first = machine.done("start", TICK)

    same = installed(machine, definition())
    changed = installed(machine, definition(label="Another label"))

    assert same["pid"] == first["pid"]
    assert changed["state"] == "running"
    assert changed["pid"] != first["pid"]
    assert machine.facts["label"] == "Another label"
    assert machine.diary == ["begun", "draining", "ended processExit", "begun"]


def test_a_restart_ends_one_process_and_begins_another(machine: Machine) -> None:
    installed(machine, definition())
    first = machine.done("start", TICK)

    second = machine.done("restart", TICK)

    assert second["pid"] not in {None, first["pid"]}
    assert machine.diary == ["begun", "draining", "ended processExit", "begun"]


def test_a_run_that_fails_ends_the_service_with_its_exit_status(machine: Machine) -> None:
    label = f"{APP}.broken"
    installed(machine, definition("trial:Broken", "broken"))
    machine.bgsvc("start", label)

    assert eventually(lambda: machine.done("status", label)["state"] == "installed")
    assert machine.done("status", label)["lastExit"] == {
        "result": "exit-code",
        "status": 1,
        "signal": None,
    }
    assert "broken on purpose" in machine.bgsvc("logs", label).stdout


def test_a_service_that_cannot_begin_fails_its_start(machine: Machine) -> None:
    installed(machine, definition("trial:Unready", "unready"))

    run = machine.bgsvc("start", f"{APP}.unready")

    assert run.returncode == 2
    assert "ended while it started" in run.stderr


def test_p08_a_second_process_for_the_same_service_fails_loudly(machine: Machine) -> None:
    installed(machine, definition())
    pid = machine.done("start", TICK)["pid"]
    data = machine.facts["environment"]["LOCALAPPDATA"]

    words = ("run", "trial:Tick", "--name=tick", f"--app={APP}")
    second = machine.bgsvc_alone(*words, environment={"LOCALAPPDATA": data})

    assert second.returncode == 2
    assert "alreadyRunning" in second.stderr
    assert machine.done("status", TICK)["pid"] == pid


def test_a_service_is_asked_over_its_pipe_and_tells_what_happens(machine: Machine) -> None:
    installed(machine, definition())
    machine.done("start", TICK)

    said = machine.code(
        "import bgsvc\n"
        f"with bgsvc.connect('tick', app={APP!r}, scope='system') as service:\n"
        "    print(service.is_running(), service.state().state.value)\n"
        "    try:\n"
        "        service.stop()\n"
        "    except bgsvc.BackgroundServiceError as error:\n"
        "        print(error.code)\n"
    )

    assert said.split() == ["True", "running", "permissionDenied"]
    assert machine.done("status", TICK)["state"] == "running"


def test_the_manager_asks_and_a_service_answers(machine: Machine) -> None:
    installed(machine, definition())
    machine.done("start", TICK)

    said = machine.code(
        "from bgsvc._os.windows.scm import *\n"
        "with manager(advapi32()) as scm, opened(scm, "
        f"{TICK!r}, QUERY | PAUSE_CONTINUE | 0x80) as service:\n"
        "    service.control(4)\n"
        "    print(service.status().state, hex(service.status().accepted))\n"
        "    try:\n"
        "        service.control(2)\n"
        "    except Refusal as error:\n"
        "        print(error.code)"
    )

    assert said.split() == ["4", "0x105", "1052"]


def test_a_console_is_told_that_it_is_no_service(machine: Machine) -> None:
    run = machine.bgsvc_alone("run", "trial:Tick", "--windows-service")

    assert run.returncode == 2
    assert "the service control manager did not start this process" in run.stderr


def test_a_process_in_a_console_ends_as_it_should_when_another_stops_it(machine: Machine) -> None:
    words = ("-m", "bgsvc", "run", "trial:Tick", "--app", APP)
    with machine.box.start(machine.python, *words) as process:
        assert eventually(lambda: machine.diary == ["begun"])
        stopped = machine.bgsvc_alone("stop", "trial:Tick", "--app", APP)
        output, errors = process.communicate(timeout=30)

    assert stopped.returncode == 0, stopped.stderr
    assert (process.returncode, errors) == (0, "")
    assert "reason=userStop" in output
    assert machine.diary == ["begun", "draining", "ended userStop"]
