"""What a service of Windows is started with: words, folder, environment; exactly as written."""

from ast import literal_eval

import pytest

from tests.native.windows.machine import (
    ENVIRONMENT,
    TICK,
    Machine,
    definition,
    installed,
    with_arguments,
)
from tests.native.windows.winebox import windows_path

pytestmark = pytest.mark.native

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
