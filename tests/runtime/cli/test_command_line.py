import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import redirect_stderr
from pathlib import Path

import pytest

import bgsvc
from bgsvc._cli.help import COMMANDS, OS_COMMANDS, help_text
from bgsvc._cli.main import main
from bgsvc._desktop.command_line import UsageError, parse
from tests.runtime.processes import (
    ENTRY,
    ENVIRONMENT,
    ROOT,
    TIMEOUT_S,
    command,
    ended,
    hosted,
    kill_group,
    on_disk,
)


def complaint(words: list[str]) -> str:
    """Run a command here, which must fail with the status 2; return the code of its error."""
    heard = io.StringIO()
    with redirect_stderr(heard):
        assert main(words) == 2
    name, code, _ = heard.getvalue().split(": ", 2)
    assert name == "bgsvc"
    return code


DEAF = "tests.runtime.services:ReallyDeafService"


def test_a_run_that_ignores_its_token_is_reported_and_ended_at_its_deadline(
    tmp_path: Path,
) -> None:
    with hosted(tmp_path, "--stop-timeout", "0.2", entry=DEAF) as told:
        told.until("started")
        told.process.send_signal(signal.SIGTERM)

        overdue = told.until("stop_overdue")
        assert (overdue["code"], overdue["seconds"]) == ("stopTimeout", 0.2)
        assert told.until("stopped") == {"reason": "processExit", "forced": True}
        assert told.process.wait(20) == 70
    assert on_disk(tmp_path, "really-deaf")["desiredRunning"] is True


def test_ctrl_c_ends_a_run_gracefully(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        told.process.send_signal(signal.SIGINT)

        assert told.until("stopped") == {"reason": "processExit"}
        assert told.process.wait(20) == 0


def test_a_terminal_that_is_closed_ends_a_run_gracefully(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever started the tests may ignore it
    try:
        with hosted(tmp_path) as told:
            told.until("started")
            told.process.send_signal(signal.SIGHUP)

            assert told.until("stopped") == {"reason": "processExit"}
            assert told.process.wait(20) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert on_disk(tmp_path)["desiredRunning"] is True


def test_what_nohup_started_outlives_its_terminal(tmp_path: Path) -> None:
    entry = "tests.runtime.rough_services:HearingService"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child inherits it
    try:
        with hosted(tmp_path, entry=entry, HEAR="1") as told:
            told.until("started")
            told.process.send_signal(signal.SIGHUP)
            told.process.send_signal(signal.SIGUSR1)

            assert told.until("heard") == {"toldToStop": False}
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_failed_run_is_a_failed_command(tmp_path: Path) -> None:
    found = command("run", "tests.runtime.services:LoudService", "--data-dir", tmp_path)

    assert found.returncode == 1
    assert "stopped         reason=error" in found.stdout


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd's protocol")
def test_systemd_is_told_of_readiness_life_and_stopping(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.settimeout(20)
        with hosted(tmp_path, NOTIFY_SOCKET=path, WATCHDOG_USEC="20000000") as told:
            said = {channel.recv(100), channel.recv(100)}
            told.process.terminate()
            told.process.wait(20)
        assert said == {b"READY=1\nSTATUS=running", b"WATCHDOG=1"}
        assert channel.recv(100) == b"STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=15000000"
        assert channel.recv(100) == b"STATUS=ended: processExit"


def test_a_safe_path_keeps_the_folder_a_service_starts_in_out_of_its_imports(
    tmp_path: Path,
) -> None:
    (tmp_path / "planted.py").write_text("raise SystemExit('imported')\n")
    words = [sys.executable, "-m", "bgsvc", "run", "planted:Service", "--data-dir=state"]
    runtime = str(Path(__file__).parents[3] / "runtime")
    safe = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONPATH": runtime}

    found = subprocess.run(
        words, cwd=tmp_path, env=safe, capture_output=True, text=True, check=False
    )
    unsafe = subprocess.run(
        words,
        cwd=tmp_path,
        env={**safe, "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "entryNotFound" in found.stderr
    assert "imported" in unsafe.stderr


def test_the_state_is_told_without_disturbing_the_service(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        found = command("state", "--json", "--data-dir", tmp_path)
        state = json.loads(found.stdout)["services"][0]

        assert state["service"] == "sync"
        assert state["state"] == "running"
        assert state["pid"] == told.process.pid
        told.process.kill()
        told.process.wait(20)
    found = command("state", "--data-dir", tmp_path)
    assert found.stdout.splitlines() == [
        "sync: stopped, wanted",
        "  run 1 was lost: its process died under it",
    ]


def test_stopping_what_does_not_run_is_an_error(tmp_path: Path) -> None:
    found = command("stop", ENTRY, "--data-dir", tmp_path)

    assert found.returncode == 2
    assert found.stderr.startswith("bgsvc: notRunning: ")


def test_validate_says_what_is_wrong_and_how_to_mend_it(tmp_path: Path) -> None:
    good = command("validate", ENTRY, "--data-dir", tmp_path)
    bad = command("validate", "tests.runtime.services:Nothing", "--json", "--data-dir", tmp_path)

    assert (good.returncode, good.stdout) == (0, "ready to run\n")
    assert bad.returncode == 1
    assert [issue["code"] for issue in json.loads(bad.stdout)["issues"]] == ["entryNotFound"]


@pytest.mark.parametrize(
    "source",
    [
        b"def (",
        b"1/0",
        b"x = '\xff'",
        b"raise SystemExit(5)",
        b"raise KeyboardInterrupt",
        b"class Odd(BaseException): pass\nraise Odd",
    ],
)
def test_an_entry_whose_module_raises_is_an_error_with_a_fix(tmp_path: Path, source: bytes) -> None:
    (tmp_path / "raising.py").write_bytes(source)
    for verb, status in (("run", 2), ("validate", 1)):
        words = [sys.executable, "-m", "bgsvc", verb, "raising:Service", "--data-dir", "state"]
        found = ended([*words, "--name", "raising"], cwd=tmp_path)

        assert found.returncode == status
        assert "entryNotFound: raising:Service: importing it raised" in found.stdout + found.stderr
        assert "  fix: let `import raising` succeed" in found.stdout + found.stderr
        assert "Traceback" not in found.stderr


def test_a_whole_configuration_is_taken_as_shims_pass_it(tmp_path: Path) -> None:
    config = {"name": "mine", "entry": ENTRY, "label": {"de": "Meins"}}
    with hosted(tmp_path, "--config", json.dumps(config)) as told:
        told.until("started")
    assert on_disk(tmp_path, "mine")["desiredRunning"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run", "a:B", "c:D"],
        ["run", "--nonsense"],
        ["run", "--name"],
        ["run", "--stop-timeout", "soon"],
        ["run", "--stop-timeout=-1"],
    ],
)
def test_a_command_line_that_makes_no_sense_is_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        parse(arguments)


def test_help_names_every_option_there_is() -> None:
    options = {word for word in help_text().split() if word.startswith("--")} - {"--help,"}

    flags = {"--json", "--boot", "--now", "--follow", "--windows-service", "--windows-task"}
    for option in options - flags - {"--scope", "--version"}:
        parse(["run", option, "1"])
    for flag in flags:
        parse(["install", flag])
    assert parse(["status", "a.b", "--scope=system"]).scope == "system"
    assert parse(["run", "--json", "--boot", "--types=a,b"]).types == ["a", "b"]
    assert parse(["--help"]).information == "--help"


def test_help_without_a_command_prints_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    assert capsys.readouterr().out == f"{help_text()}\n"


@pytest.mark.parametrize("command", [*COMMANDS, *OS_COMMANDS])
def test_a_command_tells_of_itself_alone(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0

    said = capsys.readouterr().out
    assert said.startswith(f"usage: python -m bgsvc {command} ")
    assert {"run": "--boot", "logs": "--follow"}.get(command, "--help") in said
    assert ("--follow" in said) == (command == "logs")
    assert ("--scope" in said) == (command in OS_COMMANDS)
    assert max(map(len, help_text().splitlines())) <= 100


@pytest.mark.parametrize("words", [["--version"], ["run", "--version"]])
def test_the_version_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out == f"bgsvc {bgsvc.__version__}\n"


@pytest.mark.parametrize("mode", ["androidForegroundService", "androidJob", "desktopProcess"])
def test_a_type_that_android_does_not_have_is_an_error(mode: str) -> None:
    assert complaint(["capabilities", "--mode", mode, "--types", "dataSync,foo"]) == "configInvalid"


@pytest.mark.parametrize("words", [[], ["--name", "sync"], ["--json"]])
def test_a_state_is_not_read_from_what_is_no_folder(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").touch()
    assert complaint(["state", "--data-dir", str(tmp_path / "file"), *words]) == "platform"


def test_a_service_that_runs_already_is_told_with_its_app(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        found = command("run", ENTRY, "--data-dir", tmp_path)

    first, fix = found.stderr.splitlines()
    number = told.process.pid
    expected = f"sync of the app bgsvc is running already, in process {number}"
    assert (found.returncode, first) == (2, f"bgsvc: alreadyRunning: {expected}")
    assert "--app" in fix


@pytest.mark.parametrize("wrong", ["--scope=root", "--lines=-1", "--lines=1e3"])
def test_an_option_that_takes_a_word_or_a_number_takes_no_other(wrong: str) -> None:
    with pytest.raises(UsageError):
        parse(["logs", "a.b", wrong])


WILD = ["../../x", "a b/c", "/abs", "..", ".hidden", "a\nb"]


@pytest.mark.parametrize("name", WILD)
@pytest.mark.parametrize("verb", ["run", "stop", "state", "validate", "capabilities"])
def test_an_app_whose_name_could_lead_out_of_its_folder_is_refused(
    verb: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state / "of" / "mine"))

    assert complaint([verb, ENTRY, "--app", name]) == "configInvalid"
    assert not state.exists()


@pytest.mark.parametrize("name", WILD)
@pytest.mark.parametrize("verb", ["stop", "state"])
def test_a_service_whose_name_could_lead_out_of_its_folder_is_refused(
    verb: str, name: str, tmp_path: Path
) -> None:
    assert complaint([verb, "--name", name, "--data-dir", str(tmp_path)]) == "configInvalid"


@pytest.mark.parametrize("name", WILD)
def test_no_app_is_configured_or_connected_to_by_a_name_that_could_lead_elsewhere(
    name: str,
) -> None:
    for call in (
        lambda: bgsvc.configure(app=name),
        lambda: bgsvc.connect("sync", app=name),
        lambda: bgsvc.connect(name),
    ):
        with pytest.raises(bgsvc.BackgroundServiceError) as caught:
            call()
        assert caught.value.code == "configInvalid"


def test_importing_the_package_imports_nothing_that_costs() -> None:
    code = "import sys; before = set(sys.modules); import bgsvc; print(*set(sys.modules) - before)"
    start = f"import sys; sys.path.insert(0, {str(ROOT / 'runtime')!r}); "
    found = ended([sys.executable, "-I", "-S", "-c", start + code])

    assert found.stdout.split() == ["bgsvc"]


def test_a_plain_service_is_hosted_without_what_costs(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(
        "import sys\n"
        "from bgsvc import BackgroundService\n"
        "class PlainService(BackgroundService):\n"
        "    def run(self, ctx):\n"
        "        costly = 'argparse asyncio ctypes dataclasses inspect logging pathlib typing'\n"
        "        ctx.emit('loaded', {'costly': [m for m in costly.split() if m in sys.modules]})\n"
    )
    words = [sys.executable, "-S", "-m", "bgsvc", "run", "plain:PlainService"]
    alone = {"PYTHONPATH": str(ROOT / "runtime")}
    found = ended([*words, "--json", "--data-dir", "."], alone, cwd=tmp_path)
    loaded = [json.loads(line) for line in found.stdout.splitlines()]
    assert next(one["data"] for one in loaded if one["event"] == "loaded") == {"costly": []}


STEP = int(os.environ.get("BGSVC_STEP", "499"))
"""Instructions between two interrupted starts: the fewer, the more starts."""


def interrupted(folder: Path, point: int) -> bool:
    """Send SIGTERM before the `point`th instruction of a start, and another once it has started.

    Returns False if there was no such instruction.
    """
    words = ["run", "tests.runtime.services:PlainService", "--json", "--data-dir", str(folder)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.interrupted", str(point), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
        rest, place = process.communicate(timeout=TIMEOUT_S)
    finally:
        kill_group(process)
    said = [json.loads(line) for line in (first + rest).splitlines()]
    names = [event["event"] for event in said]
    if process.returncode == -signal.SIGTERM:  # before there was anything to stop
        assert (names, (folder / "bgsvc" / "plain.json").exists()) == ([], False), place
    else:
        assert process.returncode == 0, place
        assert names in (["started", "stopped"], ["stopped"]), place
        assert said[-1]["data"] == {"reason": "processExit"}, place
        state = on_disk(folder, "plain")
        assert (state["desiredRunning"], state["current"]) == (True, None), place
    return place.startswith("interrupted at ")


def sweep(folder: Path, step: int) -> int:
    """Interrupt a start at every `step`th instruction; return how many there were."""
    for number in itertools.count():
        if not interrupted(folder / str(number), 1 + number * step):
            return number
    raise AssertionError


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals")
def test_a_sigterm_at_any_moment_of_a_start_ends_the_process_well(tmp_path: Path) -> None:
    assert sweep(tmp_path, STEP) >= 15_000 / STEP


@pytest.mark.parametrize(
    ("mode", "platform"),
    [
        ("windowsService", "windows"),
        ("launchAgent", "macos"),
        ("systemdUser", "linux"),
        ("androidJob", "android"),
        ("iosRefresh", "ios"),
    ],
)
def test_a_modes_promises_are_its_platforms(
    mode: str, platform: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["capabilities", "--json", "--mode", mode]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["platform"], found["mode"]) == (platform, mode)
