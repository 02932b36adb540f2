"""Every verb under launchd: Apple's on macOS, elsewhere our model of it, which runs the jobs.

The model is our reading of the manual pages. What it proves is that the verbs say to launchd
what they should, in an order that works, and tell the truth about what came of it.
"""

import os
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from bgsvc._lite.dataclasses import replace
from bgsvc._model.errors import BackgroundServiceError, ServiceInstallError
from bgsvc._os.errors import DefinitionError, NotInstalledError, OsServiceError
from bgsvc._os.launchd.launchctl import Launchctl
from bgsvc._os.service import LastExit, OsServiceState, Scope
from tests.native.macos.keys import wrong
from tests.native.macos.mac import APP, TICK, Mac, eventually, only_the_model

pytestmark = pytest.mark.native

HOSTILE = "100% \"$price\" <watch> \\ 'né' 🐍 & co\n\t$(x) %h ;"


def installed(mac: Mac) -> dict[str, object]:
    found: dict[str, object] = plistlib.loads(
        (mac.library / f"LaunchAgents/{TICK}.plist").read_bytes()
    )
    return found


def test_a_job_is_installed_started_stopped_and_removed(mac: Mac) -> None:
    before = mac.status()
    mac.install(mac.generate())
    fresh = mac.status()
    mac.launchd.start(TICK)
    assert eventually(lambda: mac.status().ipc_connected)
    running = mac.status()
    mac.launchd.stop(TICK)
    stopped = mac.status()
    mac.launchd.uninstall(TICK)

    assert before.state is OsServiceState.NOT_INSTALLED
    assert (fresh.state, fresh.enabled, fresh.findings) == (OsServiceState.INSTALLED, True, ())
    assert running.state is OsServiceState.RUNNING
    assert running.pid == mac.facts["pid"]
    assert running.since is not None
    assert abs(running.since - (mac.folder / "facts.json").stat().st_mtime) < 60
    assert (stopped.state, stopped.pid, stopped.detail) == (
        OsServiceState.INSTALLED,
        None,
        "not loaded",
    )
    assert (fresh.ipc_connected, stopped.ipc_connected) == (None, None)
    assert mac.diary == ["begun", "ended processExit"]
    assert mac.status().state is OsServiceState.NOT_INSTALLED


def test_every_verb_may_be_said_twice(mac: Mac) -> None:
    mac.launchd.uninstall(TICK)
    for _ in range(2):
        mac.install(mac.generate())
    for _ in range(2):
        mac.launchd.start(TICK)
    pid = mac.status().pid
    mac.install(mac.generate())
    same = mac.status().pid
    for _ in range(2):
        mac.launchd.stop(TICK)
    for _ in range(2):
        mac.launchd.uninstall(TICK)

    assert pid is not None
    assert same == pid
    assert mac.diary == ["begun", "ended processExit"]


def test_p10_uninstalling_ends_a_running_job_and_leaves_nothing(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)
    pid = mac.facts["pid"]

    mac.launchd.uninstall(TICK)

    left = [path for path in mac.library.rglob("*") if path.is_file()]
    assert left == []
    assert mac.launchctl.job(TICK) is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@only_the_model
def test_p01_p09_a_reboot_brings_a_running_job_back(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)
    first = mac.facts["pid"]

    mac.reboot()

    assert eventually(lambda: mac.status().state is OsServiceState.RUNNING)
    assert mac.facts["pid"] != first
    assert mac.facts["reason"] == "boot"
    assert mac.diary == ["begun", "ended processExit", "begun"]


@only_the_model
def test_p09_a_reboot_leaves_alone_what_its_user_stopped_until_it_is_started(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)
    words = ["-m", "bgsvc", "stop", "--name=tick", f"--app={APP}"]
    subprocess.run([sys.executable, *words], check=True)
    assert eventually(lambda: mac.status().pid is None)

    mac.reboot()
    assert eventually(lambda: mac.status().last_exit is not None)
    after = mac.status()
    mac.launchd.start(TICK)

    assert mac.diary == ["begun", "ended userStop", "begun"]
    assert (after.state, after.last_exit) == (OsServiceState.INSTALLED, LastExit("success", 0))


@only_the_model
def test_a_job_that_is_not_for_the_login_is_loaded_there_and_waits(mac: Mac) -> None:
    mac.install(mac.generate(boot=False))

    mac.reboot()
    found = mac.status()

    assert (found.state, found.enabled, found.detail) == (
        OsServiceState.INSTALLED,
        False,
        "not running",
    )
    assert mac.diary == []


def test_an_upgrade_restarts_what_runs_and_starts_nothing_else(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.install(mac.generate(label="Another label"))
    idle = mac.status().state
    mac.launchd.start(TICK)
    first = mac.facts

    mac.install(mac.generate(label="A third one"))

    assert idle is OsServiceState.INSTALLED
    assert (first["label"], mac.facts["label"]) == ("Another label", "A third one")
    assert mac.facts["pid"] != first["pid"]
    assert mac.diary == ["begun", "ended processExit", "begun"]


def test_an_upgrade_that_does_not_start_puts_the_version_before_back(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)
    before = installed(mac)

    with pytest.raises(ServiceInstallError, match="the version before it runs again"):
        mac.install(mac.generate("mac_trial:Unready"))

    assert installed(mac) == before
    assert mac.status().state is OsServiceState.RUNNING
    assert mac.diary[-1] == "begun"


@only_the_model
def test_an_installation_that_launchd_refuses_leaves_nothing(mac: Mac) -> None:
    mac.program.write_text(
        mac.program.read_text(encoding="utf-8").replace(
            "exec ", '[ "$1" = enable ] && { echo no >&2; exit 1; }\nexec '
        ),
        encoding="utf-8",
    )

    with pytest.raises(ServiceInstallError, match="nothing of it is left"):
        mac.install(mac.generate())

    assert [path for path in mac.library.rglob("*") if path.is_file()] == []


def test_a_service_that_cannot_begin_fails_its_start(mac: Mac) -> None:
    mac.install(mac.generate("mac_trial:Unready", restart="never"))

    with pytest.raises(OsServiceError, match="ended while it started") as caught:
        mac.launchd.start(TICK)

    assert f"logs {TICK}" in caught.value.fix
    assert "not today" in "\n".join(mac.launchd.logs(TICK, lines=50, follow=False))


def test_p06_hostile_text_reaches_the_job_and_the_label_is_one_name(mac: Mac) -> None:
    service = mac.install(mac.generate(label=HOSTILE))
    mac.launchd.start(TICK)

    assert mac.facts["label"] == HOSTILE
    assert service.label == TICK == mac.facts["environment"].get("XPC_SERVICE_NAME")
    assert mac.status().definition == str(mac.library / f"LaunchAgents/{TICK}.plist")
    assert installed(mac)["Label"] == TICK


@pytest.mark.parametrize("name", ["a b", "50% & <c>", 'it\'s "x"', "né 🐍", "-- >"])
def test_p06_hostile_folders_reach_launchd_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / name
    folder.mkdir()
    mac = Mac(folder, Scope.USER)
    try:
        mac.install(mac.generate())
        found = installed(mac)
        findings = mac.status().findings
        mac.generate(label="Another")
        changed = [issue.code for issue in mac.status().findings]
    finally:
        mac.end_all()

    assert found["StandardOutPath"] == str(folder / f"Library/Logs/{TICK}/launchd.log")
    assert wrong(found) == []
    assert (findings, changed) == ((), ["unit_differs"])


def test_p12_a_job_needs_no_terminal_no_display_and_no_locale(mac: Mac) -> None:
    mac.install(mac.generate(label="Né 🐍"))
    mac.launchd.start(TICK)
    facts = mac.facts

    assert not {"DISPLAY", "LANG", "LC_ALL", "TERM"} & set(facts["environment"])
    assert facts["terminal"] is False
    assert facts["cwd"] == "/"
    assert facts["label"] == "Né 🐍"


def test_what_a_service_says_is_in_a_file_of_its_own(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)

    assert eventually(lambda: "running" in list(mac.launchd.logs(TICK, lines=50, follow=False)))
    assert (mac.library / f"Logs/{TICK}/service.log").stat().st_mode & 0o777 == 0o600


def test_the_file_is_its_owners_alone_to_write_whatever_the_umask(mac: Mac) -> None:
    before = os.umask(0)
    try:
        mac.install(mac.generate())
    finally:
        os.umask(before)
    path = mac.library / f"LaunchAgents/{TICK}.plist"
    assert path.stat().st_mode & 0o777 == 0o644

    path.chmod(0o666)
    assert "definition_writable" in {issue.code for issue in mac.status().findings}
    mac.install(mac.generate())
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_was_changed_since_the_installation_is_told(mac: Mac) -> None:
    source = mac.generate()
    service = mac.launchd.read(str(source))
    mac.launchd.install(replace(service, program=(str(mac.folder / "gone/python"),)))
    source.write_text("changed", encoding="utf-8")
    mac.launchctl.run("disable", mac.launchctl.target(TICK))

    codes = {issue.code for issue in mac.launchd.validate(TICK)}

    assert codes == {"interpreter_missing", "unit_differs", "disabled"}
    assert all(issue.fix for issue in mac.launchd.validate(TICK))
    mac.launchctl.enable(TICK)


@only_the_model
def test_a_launchctl_that_is_not_there_is_told_and_the_file_still_seen(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.program.unlink()

    found = mac.status()

    assert found.state is OsServiceState.INSTALLED
    assert "managerMissing" in {issue.code for issue in found.findings}


@only_the_model
def test_over_ssh_the_job_is_loaded_where_there_is_no_screen(mac: Mac) -> None:
    (mac.state / "no-screen").touch()
    mac.install(mac.generate())
    mac.launchd.start(TICK)

    assert mac.launchctl.domain == f"user/{os.getuid()}"
    assert mac.status().state is OsServiceState.RUNNING


def test_what_is_not_installed_cannot_be_started_stopped_or_read(mac: Mac) -> None:
    verbs = (mac.launchd.start, mac.launchd.stop, mac.launchd.restart)
    for verb in verbs:
        with pytest.raises(NotInstalledError):
            verb(TICK)
    with pytest.raises(NotInstalledError):
        mac.launchd.logs(TICK, lines=1, follow=False)


def test_a_file_of_the_other_scope_or_of_another_name_is_refused(mac: Mac) -> None:
    path = mac.generate()
    renamed = path.rename(path.with_name("other.plist"))
    with pytest.raises(DefinitionError, match="is named by its file"):
        mac.launchd.read(str(renamed))
    (mac.folder / "daemons").mkdir()
    daemon = Mac(mac.folder / "daemons", Scope.SYSTEM)
    with pytest.raises(BackgroundServiceError, match="is for the system scope"):
        mac.launchd.read(str(daemon.generate()))


def test_launchctls_words_are_read_as_apple_prints_them(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = (
        "gui/501/com.example.x = {\n\tactive count = 1\n\tstate = running\n\n\tprogram = /x\n"
        "\truns = 3\n\tpid = 4711\n\timmediate reason = inefficient\n"
        "\tlast exit code = 78: EX_CONFIG\n\n\tendpoints = {\n\t\tstate = 1\n\t}\n}\n"
    )
    launchctl = Launchctl(Scope.SYSTEM)
    done = subprocess.CompletedProcess((), 0, printed, "")

    def run(*_: str) -> subprocess.CompletedProcess[str]:
        return done

    monkeypatch.setattr(launchctl, "run", run)

    job = launchctl.job("com.example.x")

    assert job is not None
    assert (job.state, job.pid, job.last_exit, job.runs) == ("running", 4711, "78: EX_CONFIG", 3)
