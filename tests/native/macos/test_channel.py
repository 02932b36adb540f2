"""The channel of launchd's jobs, in the model: whose it is, and who may talk."""

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bgsvc._ipc import address as _address
from bgsvc._lite.dataclasses import replace
from bgsvc._os.service import OsServiceState, Scope
from tests.native.macos.mac import APP, RUNTIME, TICK, Mac, eventually, only_the_model
from tests.native.provision import lacks

pytestmark = pytest.mark.native
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has daemons")

ASK = f"""
import bgsvc, os, sys
if len(sys.argv) > 1:
    os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
try:
    with bgsvc.connect("tick", app={APP!r}, scope="system") as service:
        print(service.is_running())
except bgsvc.BackgroundServiceError as error:
    print(error.code)
"""


def asked(python: str, *words: str) -> str:
    """Return what a client of a system's service is told."""
    done = subprocess.run(
        [python, "-c", ASK, *words],
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONPATH": str(RUNTIME)},
    )
    return done.stdout.strip()


@pytest.fixture
def python() -> str:
    """Return a Python that every account of this machine can start."""
    found = next(filter(_is_everybodys, (sys.executable, "/usr/bin/python3")), None)
    return found or lacks("no Python 3.10 here that another account may start")


def _is_everybodys(python: str) -> bool:
    words = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
    try:
        done = subprocess.run(words, check=False, capture_output=True, user="daemon", cwd="/")
    except OSError:
        return False
    return done.returncode == 0


def test_p08_a_second_daemon_fails_loudly_and_the_first_keeps_its_channel(mac: Mac) -> None:
    mac.install(mac.generate())
    mac.launchd.start(TICK)
    assert eventually(lambda: mac.status().ipc_connected)
    first = mac.status().pid

    variables = {**os.environ, **mac.facts["environment"]}
    words = ["run", "mac_trial:Tick", "--name=tick", f"--app={APP}"]
    second = subprocess.run(
        [sys.executable, "-m", "bgsvc", *words],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=variables,
        timeout=60,
    )

    assert second.returncode == 2
    assert (
        f"alreadyRunning: tick of the app {APP} is running already, in process {first}"
        in second.stderr
    )
    assert (mac.status().pid, mac.status().ipc_connected) == (first, True)
    assert mac.diary == ["begun"]


@only_the_model
@only_root
def test_a_daemon_with_an_account_of_its_own_has_a_channel_that_root_alone_reaches_too(
    open_folder: Path, python: str
) -> None:
    mac = Mac(open_folder, Scope.SYSTEM)
    account, other = pwd.getpwnam("daemon"), pwd.getpwnam("nobody")
    try:
        service = mac.launchd.read(str(mac.generate(user="daemon")))
        mac.launchd.install(replace(service, program=(python,)))
        mac.launchd.start(TICK)
        assert eventually(lambda: mac.status().ipc_connected)
        running, facts = mac.status(), mac.facts
        folder = Path(facts["environment"]["BGSVC_CHANNEL"])
        found = folder.stat()
        users: tuple[list[str], ...] = ([], [str(account.pw_uid)], [str(other.pw_uid)])
        answers = [asked(python, *user) for user in users]
        folder.chmod(0o755)
        wrong = [issue.code for issue in mac.status().findings]
        mac.launchd.uninstall(TICK)
    finally:
        mac.end_all()

    assert (running.state, running.findings) == (OsServiceState.RUNNING, ())
    assert facts["user"] == account.pw_uid
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (account.pw_uid, 0o700)
    assert answers == ["True", "True", "permissionDenied"]
    assert wrong == ["channel_folder"]
    assert not folder.exists()


def test_the_folder_that_is_made_is_the_one_that_clients_look_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    address = _address.address_of("sync", "com.example.notes", scope="system")

    assert address.folder == f"{_address.CHANNELS}/com.example.notes.sync"


@only_the_model
@only_root
def test_a_daemon_keeps_its_data_in_the_machines_library(tmp_path: Path) -> None:
    mac = Mac(tmp_path, Scope.SYSTEM)
    try:
        mac.install(mac.generate())
        mac.launchd.start(TICK)
        running = mac.status()
        mac.launchd.uninstall(TICK)
    finally:
        mac.end_all()

    assert running.state is OsServiceState.RUNNING
    assert running.lingering is None
    assert mac.facts["data"].startswith(str(mac.library / "Application Support" / APP))
    assert [words for words in mac.calls if words[0] == "bootstrap"] == [
        ["bootstrap", "system", str(mac.library / f"LaunchDaemons/{TICK}.plist")]
    ]
