"""What went wrong in others, held to here as far as the channel has a part in it.

The numbers are of a list of defects found in comparable software; what concerns the services of
the operating system themselves is tested with those.
"""

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

import bgsvc
from bgsvc import ServiceState, StartReason, StopReason
from bgsvc._ipc.address import Address, address_of
from bgsvc._ipc.transport import dial, listen
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError
from tests.runtime.ipc.peers import eventually, short_folder
from tests.runtime.processes import Told, command, ended, hosted, on_disk

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sockets of Unix")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="becomes another user: needs root"
)
NOBODY = 65534


def terminated(told: Told) -> int:
    told.process.terminate()
    return told.process.wait()


@posix
def test_p01_the_systems_end_of_a_process_is_no_wish_of_its_user(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            events = service.events(after=0)
            before = service.desired_state()
            status = terminated(told)
            found = [next(events) for _ in range(2)]

    assert (before.running, on_disk(tmp_path)["desiredRunning"], status) == (True, True, 0)
    assert found[1].data["reason"] == StopReason.PROCESS_EXIT


def test_p06_apps_whose_ids_end_alike_have_channels_of_their_own() -> None:
    one, other = (address_of("sync", app) for app in ("com.example.notes", "org.example.notes"))

    assert one != other


def test_p06_a_folder_with_an_odd_name_has_a_channel(tmp_path: Path) -> None:
    folder = tmp_path / "a b & 'c' %d $e é 日本"
    folder.mkdir()
    with hosted(folder) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=folder) as service:
            state = service.state().state

    assert state == ServiceState.RUNNING


def test_p07_an_error_keeps_its_code_over_the_channel(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with (
            bgsvc.connect("sync", data_dir=tmp_path) as service,
            pytest.raises(AlreadyRunningError) as caught,
        ):
            service.start()

    assert caught.value.code == "alreadyRunning"


def test_p08_a_second_daemon_steals_no_live_channel() -> None:
    with short_folder() as folder:
        address = Address(str(folder), f"sync@{folder.name}")
        first = listen(address, 5.0)
        with pytest.raises(AlreadyRunningError):
            listen(address, 5.0)
        stream = dial(address, 5.0)  # it is still the first that listens
        welcomed, _ = first.accept()
        for each in (stream, welcomed, first):
            each.close()


@posix
def test_p08_a_file_in_the_sockets_place_stays() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        Path(address.path).write_text("precious")
        with pytest.raises(NotAllowedError, match="no socket of this user"):
            listen(address, 1.0)
        assert Path(address.path).read_text() == "precious"


@posix
def test_p08_nobody_else_may_reach_for_the_socket() -> None:
    mask = os.umask(0)
    try:
        with short_folder() as folder:
            address = Address(str(folder / "run"), "sync@test")
            listener = listen(address, 1.0)
            places = (folder / "run", Path(address.path))
            modes = [stat.S_IMODE(place.stat().st_mode) for place in places]
            listener.close()
    finally:
        os.umask(mask)

    assert modes == [0o700, 0o600]


@as_root
def test_p08_a_client_authenticates_its_server() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(address.path)
            os.seteuid(NOBODY)
            try:
                other.listen()  # the kernel notes who it was
            finally:
                os.seteuid(0)
            with pytest.raises(NotAllowedError, match=f"user {NOBODY} listens"):
                dial(address, 5.0)


@posix
def test_p09_a_boot_brings_back_what_ran_and_not_what_its_user_stopped(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        terminated(told)
    with hosted(tmp_path, "--boot") as told:
        again = told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            service.stop()
        told.process.wait()
    done = command(
        "run", "tests.runtime.services:SyncService", "--boot", "--data-dir", tmp_path, "--json"
    )

    assert again["reason"] == StartReason.BOOT
    assert (done.returncode, done.stdout) == (0, "")


@posix
def test_p10_a_daemon_that_was_ended_leaves_nobody_to_talk_to_and_no_socket(
    tmp_path: Path,
) -> None:
    place = Path(address_of("sync", data_dir=str(tmp_path)).path)
    with hosted(tmp_path) as told:
        told.until("started")
        eventually(place.exists)
        terminated(told)

    assert not place.exists()
    with pytest.raises(IpcError, match="nobody answers"):
        bgsvc.connect("sync", data_dir=tmp_path)


@posix
def test_p12_a_daemon_without_display_terminal_or_home_answers(tmp_path: Path) -> None:
    script = f"""\
import bgsvc
with bgsvc.connect("sync", data_dir={str(tmp_path)!r}) as service:
    print(service.state().state)
"""
    bare = {"HOME": "", "DISPLAY": "", "XDG_RUNTIME_DIR": "", "TERM": "", "LANG": "C"}
    with hosted(tmp_path, **bare) as told:
        told.until("started")
        done = ended([sys.executable, "-c", script], bare)

    assert done.stdout.strip() == "running", done.stderr
