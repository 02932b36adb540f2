"""A service under Windows' service control manager: Wine's, with a real CPython for Windows.

Wine 8 neither restarts what failed nor keeps failure actions, knows no privileges, no session 0
and no event log; what we hand to Windows for those is held to the letter in `tests/runtime`.
"""

from ast import literal_eval
from typing import Any

import pytest

from tests.native.windows.machine import (
    APP,
    ENVIRONMENT,
    Machine,
    definition,
    eventually,
    with_arguments,
)
from tests.native.windows.winebox import windows_path

pytestmark = pytest.mark.native

TICK = f"{APP}.tick"

HOSTILE = (
    *("", " ", "  two  ", "a b", '"', '""', '"quoted"', 'a"b', '"a', 'a"', '" "', "'", "'a b'"),
    *(
        "\\",
        "\\\\",
        "a\\",
        "a b\\",
        "a b\\\\",
        '\\"',
        '\\\\"',
        'a\\"b c\\',
        "C:\\a b\\",
        "\\\\srv\\x",
    ),
    *("&", "|", "<>", "^", "a&b|c<d>e^f", "(x)", "!x!", "`", "$HOME", "${x}", "$(x)", "~", "*?[x]"),
    *("%", "100%", "50% off", "% a %", "-", "--json", "/help", "@file", ";", ",", "=", "#", "é"),
    *("日本語", "🐍", "עברית", "a\u00a0b", "\u200b", "\u2028", "]]>", "&amp;", "x" * 2000),
)


def installed(machine: Machine, content: bytes) -> dict[str, Any]:
    return machine.done("install", machine.write("service.xml", content))


def test_a_service_is_installed_started_stopped_and_removed_through_its_manager(
    machine: Machine,
) -> None:
    before = machine.done("status", TICK)
    fresh = installed(machine, definition())
    running = machine.done("start", TICK)
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


def test_p01_p09_a_reboot_brings_a_running_service_back_as_a_boot(machine: Machine) -> None:
    installed(machine, definition())
    machine.done("start", TICK)
    first = machine.facts

    machine.reboot()

    assert eventually(lambda: machine.facts["pid"] != first["pid"] or len(machine.diary) > 1)
    assert eventually(lambda: machine.done("status", TICK)["state"] == "running")
    assert (first["reason"], machine.facts["reason"]) == ("user", "boot")


def test_a_reboot_leaves_alone_what_its_user_stopped(machine: Machine) -> None:
    installed(machine, definition())
    machine.done("start", TICK)
    kept = {"LOCALAPPDATA": machine.facts["environment"]["LOCALAPPDATA"]}
    words = ("stop", "--name", "tick", "--app", APP)
    stopped = machine.bgsvc_alone(*words, environment=kept)
    assert stopped.returncode == 0, stopped.stderr
    assert eventually(lambda: machine.done("status", TICK)["state"] == "installed")

    machine.reboot()

    assert eventually(lambda: machine.done("status", TICK)["lastExit"] is not None)
    assert machine.diary == ["begun", "draining", "ended userStop"]
    assert machine.done("start", TICK)["state"] == "running"


def test_a_service_that_is_not_for_the_boot_waits_to_be_started(machine: Machine) -> None:
    fresh = installed(machine, definition(boot=False))

    machine.reboot()

    assert fresh["enabled"] is False
    assert machine.done("status", TICK)["state"] == "installed"
    assert machine.diary == []


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


def test_a_service_has_a_folder_a_log_and_its_environments_packages_alone(
    machine: Machine,
) -> None:
    content = definition().replace(
        b"<startmode>",
        b'<env name="TRIAL_NAME" value="&lt;a b&gt; 100% &quot;x&quot;"/><startmode>',
    )
    installed(machine, content)
    machine.done("start", TICK)
    facts = machine.facts

    assert facts["environment"]["TRIAL_NAME"] == '<a b> 100% "x"'
    assert facts["environment"]["BGSVC_MODE"] == "windowsService"
    assert facts["cwd"].lower() == f"c:\\programdata\\bgsvc\\{TICK}"
    assert (facts["prefix"], "" in facts["path"]) == (ENVIRONMENT, False)
    assert facts["stdout"] == "RotatedFile"
    assert "running" in machine.bgsvc("logs", TICK).stdout


def test_hostile_arguments_reach_the_service_as_they_were_written(machine: Machine) -> None:
    lines = machine.code(
        "from bgsvc._os.windows.command import joined\n"
        f"print(ascii(joined(tuple('--label=' + each for each in {HOSTILE!a}))))"
    )
    line: str = literal_eval(lines)
    installed(machine, with_arguments(definition(), line))
    machine.done("start", TICK)

    words: list[str] = machine.facts["argv"]
    echoed = [each.removeprefix("--label=") for each in words if each.startswith("--label=")]
    assert len(HOSTILE) >= 40
    assert echoed == list(HOSTILE)


def test_our_words_are_the_words_that_windows_finds(machine: Machine) -> None:
    found = machine.code(
        "import ctypes\n"
        "from ctypes import wintypes as w\n"
        "from bgsvc._os.windows.command import joined, split\n"
        "parse = ctypes.windll.shell32.CommandLineToArgvW\n"
        "parse.restype = ctypes.POINTER(w.LPWSTR); count = ctypes.c_int()\n"
        f"for each in {HOSTILE!a}:\n"
        "    line = joined(('x', each, 'y'))\n"
        "    words = parse(line, ctypes.byref(count))\n"
        "    theirs = tuple(words[i] for i in range(count.value))\n"
        "    assert theirs == ('x', each, 'y') == split(line), (each, line, theirs)\n"
        "print('same')"
    )
    assert found == "same"


def test_what_windows_would_replace_is_refused_with_its_reason(machine: Machine) -> None:
    path = machine.write("service.xml", with_arguments(definition(), "--label=%PATH%"))

    run = machine.bgsvc("install", path)

    assert run.returncode == 2
    assert "Windows would replace %PATH% by a variable" in run.stderr
    assert machine.done("status", TICK)["state"] == "notInstalled"


def test_p06_a_folder_with_spaces_and_signs_is_no_trouble_and_there_is_one_name(
    machine: Machine,
) -> None:
    fresh = installed(machine, definition())
    machine.done("start", TICK)

    assert fresh["definition"].startswith(windows_path(machine.box.python_home))
    assert f'"{ENVIRONMENT}"' in fresh["definition"]
    assert machine.facts["executable"] == f"{ENVIRONMENT}\\Scripts\\python.exe"
    query = machine.box.run("sc.exe", "query", TICK)
    assert f"SERVICE_NAME: {TICK}" in query.stdout
    assert fresh["label"] == TICK


def test_p08_a_second_process_for_the_same_service_fails_loudly(machine: Machine) -> None:
    installed(machine, definition())
    pid = machine.done("start", TICK)["pid"]
    data = machine.facts["environment"]["LOCALAPPDATA"]

    words = ("run", "trial:Tick", "--name=tick", f"--app={APP}")
    second = machine.bgsvc_alone(*words, environment={"LOCALAPPDATA": data})

    assert second.returncode == 2
    assert "alreadyRunning" in second.stderr
    assert machine.done("status", TICK)["pid"] == pid


def test_p12_a_service_needs_no_display_no_terminal_and_no_user(machine: Machine) -> None:
    installed(machine, definition())
    machine.reboot()

    assert eventually(lambda: machine.done("status", TICK)["state"] == "running")
    assert "DISPLAY" not in machine.facts["environment"]
    assert machine.facts["stdout"] == "RotatedFile"
    assert machine.facts["stdin"] == "NoneType"


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
