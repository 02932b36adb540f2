import os
import socket
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bgsvc
from bgsvc._ipc.address import LONGEST, Address, address_of, own_address
from bgsvc._ipc.transport import dial, listen
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError
from bgsvc._ports.host import Host
from tests.runtime.ipc.peers import code_of, daemon, short_folder
from tests.runtime.processes import ENVIRONMENT, ROOT, command, ended, hosted

if TYPE_CHECKING:
    from bgsvc._ipc.transport import Listener

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="becomes another user: needs root"
)
NOBODY = 65534
AS_NOBODY = f"import os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"


def test_the_folder_and_the_socket_are_for_their_user_alone() -> None:
    with daemon() as made:
        folder, path = Path(made.address.folder), Path(made.address.path)
        modes = [stat.S_IMODE(one.stat().st_mode) for one in (folder, path)]
        kind = stat.S_ISSOCK(path.stat().st_mode)

    assert (modes, kind) == ([0o700, 0o600], True)


def test_a_loose_folder_of_ours_is_tightened_before_anybody_listens_there() -> None:
    with short_folder() as folder:
        folder.chmod(0o755)
        listener = listen(Address(str(folder), "sync@test"), 1.0)
        mode = stat.S_IMODE(folder.stat().st_mode)
        listener.close()

    assert mode == 0o700


def test_a_daemon_takes_its_socket_with_it_when_it_goes() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        listener = listen(address, 1.0)
        assert Path(address.path).exists()
        listener.close()
        assert not Path(address.path).exists()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_fix() -> None:
    with short_folder() as folder:
        (folder / "file").touch()
        with pytest.raises(bgsvc.BackgroundServiceError) as caught:
            listen(Address(str(folder / "file" / "below"), "sync@test"), 1.0)

    assert (caught.value.code, bool(caught.value.fix)) == ("platform", True)


def test_a_second_daemon_fails_and_leaves_the_first_its_socket() -> None:
    with daemon() as made:
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())):
            listen(made.address, 1.0)
        peer = made.peer().greeted()
        reply = peer.ask(type="state")
        peer.close()

    assert reply["ok"] is True


def test_a_second_process_of_a_service_fails_loudly_and_the_first_goes_on(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        second = command("run", "tests.runtime.services:SyncService", "--data-dir", tmp_path)
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            running = service.is_running()

    assert second.returncode == 2
    assert "alreadyRunning" in second.stderr
    assert running


def test_a_daemon_whose_place_is_taken_stops_and_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with short_folder() as runtime_dir:
        environment = {"XDG_RUNTIME_DIR": str(runtime_dir), "HOME": str(tmp_path)}
        place = runtime_dir / "bgsvc"
        place.mkdir(mode=0o700)
        listener = listen(Address(str(place), "sync@bgsvc"), 1.0)
        environment["XDG_STATE_HOME"] = str(folder)
        done = command("run", "tests.runtime.services:SyncService", **environment)
        alive = Path(place, "sync@bgsvc.sock").exists()
        listener.close()

    assert done.returncode == 2
    assert "alreadyRunning" in done.stderr
    assert alive


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_socket_is_never_deleted(kind: str) -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        path = Path(address.path)
        if kind == "file":
            path.write_text("precious")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(folder / "elsewhere")
        with pytest.raises(NotAllowedError, match="no socket of this user"):
            listen(address, 1.0)
        assert path.is_symlink() if kind == "link" else path.exists()


def test_a_socket_on_which_somebody_listens_is_never_deleted() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(address.path)
            other.listen()
            with pytest.raises(NotAllowedError, match="somebody answers"):
                listen(address, 1.0)
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
                caller.connect(address.path)  # still there


def test_a_socket_that_took_the_place_of_ours_is_left_when_we_go() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        listener = listen(address, 1.0)
        Path(address.path).unlink()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(address.path)
            other.listen()
            listener.close()
            assert Path(address.path).exists()


@pytest.mark.parametrize("there", [True, False])
def test_closing_wakes_who_waits_for_peers(*, there: bool) -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        listener = listen(address, 1.0)
        if not there and sys.platform == "linux":
            Path(address.path).unlink()  # so that nobody can be made to knock
        thread = threading.Thread(target=welcome_all, args=(listener,), daemon=True)
        thread.start()
        listener.close()
        thread.join(30)

    assert not thread.is_alive()


def welcome_all(listener: "Listener") -> None:
    with suppress(OSError):
        while True:
            listener.accept()[0].close()


def test_a_dead_daemons_socket_is_replaced() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(address.path)
            dead.listen()
        listener = listen(address, 1.0)
        stream = dial(address, 5.0)
        stream.close()
        listener.close()


def test_a_name_too_long_for_a_socket_goes_as_its_checksum() -> None:
    with short_folder() as folder:
        one, other = (Address(str(folder), "sync@" + "a" * 90 + last) for last in "xy")
        assert len(os.fsencode(one.path)) <= LONGEST
        assert one.path != other.path
        listener = listen(one, 1.0)
        dial(one, 5.0).close()
        listener.close()


def test_a_runtime_folder_with_too_long_a_path_gives_way_to_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))

    assert address_of("sync", "a.b").folder == f"/tmp/bgsvc-{os.geteuid()}"  # noqa: S108 - the point


def test_a_system_unit_listens_where_systemd_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unit(Host):
        mode = "systemdSystem"

    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/a.b.sync:/run/other")
    there = own_address("sync", Unit(), "a.b", None)

    assert there.folder == "/run/a.b.sync"
    if sys.platform == "linux":
        assert there == address_of("sync", "a.b", scope="system")


def test_two_data_folders_have_two_channels(tmp_path: Path) -> None:
    one, other = (address_of("sync", "a.b", str(tmp_path / name)) for name in ("one", "other"))

    assert one.path != other.path


def test_the_usual_data_folder_needs_no_naming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)

    if sys.platform == "linux":
        assert address_of("sync", "a.b", "/state/a.b") == address_of("sync", "a.b")


@as_root
def test_a_daemon_refuses_another_user_by_the_kernels_word() -> None:
    with daemon() as made:
        for path in (Path(made.address.folder).parent, Path(made.address.folder)):
            path.chmod(0o755)  # open every door but the one that is tested
        Path(made.address.path).chmod(0o666)
        script = f"""\
import socket
{AS_NOBODY}
stream = socket.socket(socket.AF_UNIX)
stream.connect({made.address.path!r})
print(stream.recv(4096)[4:].decode())
"""
        done = ended([sys.executable, "-c", script])
        peer = made.peer().greeted()
        peer.close()

    assert "permissionDenied" in done.stdout, done
    assert f"user {NOBODY}" in done.stdout


@as_root
def test_a_client_trusts_no_other_users_daemon() -> None:
    with short_folder() as folder:
        address = Address(str(folder), "sync@test")
        other = stranger(address.path)
        with pytest.raises(NotAllowedError, match=f"user {NOBODY} listens"):
            dial(address, 5.0)
        other.communicate()


@as_root
def test_a_client_does_not_even_knock_in_another_users_folder() -> None:
    with short_folder() as folder:
        os.chown(folder, NOBODY, NOBODY)
        with pytest.raises(NotAllowedError, match=f"user {NOBODY}"):
            dial(Address(str(folder), "sync@test"), 5.0)
        with pytest.raises(NotAllowedError, match=f"user {NOBODY}"):
            listen(Address(str(folder), "sync@test"), 1.0)


@as_root
def test_a_system_service_is_trusted_only_where_root_alone_could_put_it() -> None:
    with short_folder() as base:
        base.chmod(0o755)
        folder = base / "a.b.sync"
        folder.mkdir(mode=0o700)
        os.chown(folder, NOBODY, NOBODY)
        address = Address(str(folder), "sync@a.b", system=True)
        with pytest.raises(NotAllowedError, match="not root's alone"):  # /tmp is everybody's
            dial(address, 5.0)


@as_root
def test_a_client_with_no_business_there_is_told_so_and_not_that_nobody_is_there() -> None:
    with daemon() as made:
        Path(made.address.folder).parent.chmod(0o755)
        script = f"""\
from bgsvc._model.errors import NotAllowedError
from bgsvc._ipc import unix
from bgsvc._ipc.address import Address
unix._expected_owner = lambda _: 0  # as of a service of the system
{AS_NOBODY}
try:
    unix.dial(Address({made.address.folder!r}, {made.address.name!r}), 5.0)
except NotAllowedError as error:
    print(error.message, error.fix)
"""
        done = ended([sys.executable, "-c", script])

    assert "is not for this user" in done.stdout, done
    assert "as root" in done.stdout


@pytest.mark.parametrize("length", [40, 60, 75, 90, 120])
def test_on_macos_no_path_is_longer_than_its_kernel_takes(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bgsvc._ipc.address.LONGEST", 103)
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", "/Users/" + "u" * (length - 7))
    paths = {address_of(service, "com.example.notes").path for service in ("sync", "s" * 60)}

    assert len(paths) == 2
    assert max(len(os.fsencode(path)) for path in paths) <= 103


def stranger(path: str) -> "subprocess.Popen[bytes]":
    """Listen at `path` as another user, in another process."""
    script = f"""\
import os, socket, sys
stream = socket.socket(socket.AF_UNIX)
stream.bind({path!r})
{AS_NOBODY}
stream.listen()
sys.stdout.write("listening\\n"); sys.stdout.flush()
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n"
    return process


def test_a_code_of_a_refusal_is_the_only_thing_a_stranger_learns() -> None:
    with daemon() as made:
        peer = made.peer()
        reply = peer.ask(type="state")
        peer.close()

    assert code_of(reply) == "messageInvalid"
    assert "result" not in reply


def test_nobody_there_is_an_error_that_says_where_it_looked() -> None:
    with short_folder() as folder, pytest.raises(IpcError, match=str(folder)):
        dial(Address(str(folder), "sync@test"), 1.0)
