"""What only a named pipe has to keep; the rest it is held to by the tests of every transport."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bgsvc._ipc.address import Address, address_of
from bgsvc._model.errors import AlreadyRunningError, IpcError, NotAllowedError
from tests.runtime.ipc.peers import belongings, code_of, daemon, eventually, no_more

if sys.platform != "win32":
    pytest.skip("named pipes are Windows'", allow_module_level=True)

import os
import subprocess
import threading

from bgsvc._ipc import pipe as _pipe
from bgsvc._ipc import windows_identity as _windows_identity
from bgsvc._ipc.pipe import dial, is_alive, listen, pipe_name

ctypes: Any = __import__("ctypes")  # whose types are for Windows alone
_winapi: Any = __import__("_winapi")

PLACE = Address("", "sync@pipes")
STRANGER = "S-1-5-21-1-2-3-1001"
wine_alone = pytest.mark.skipif(
    not hasattr(ctypes.WinDLL("ntdll"), "wine_get_version"),
    reason="Windows lets nobody make what is another's: it takes a second user there",
)
FLAGS = _winapi.PIPE_ACCESS_DUPLEX | _winapi.FILE_FLAG_OVERLAPPED


def written_access(handle: int) -> str:
    """Return a pipe's owner and list of users as Windows writes them."""
    advapi = ctypes.WinDLL("advapi32")
    descriptor, text = ctypes.c_void_p(), ctypes.c_wchar_p()
    found = advapi.GetSecurityInfo(
        ctypes.c_void_p(handle), 6, 5, None, None, None, None, ctypes.byref(descriptor)
    )
    assert found == 0
    assert advapi.ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, 1, 5, ctypes.byref(text), None
    )
    return str(text.value)


@contextmanager
def pipe_of(owner: str, name: str) -> "Generator[None]":
    """Make a pipe as `owner` would: what is tested is who may be trusted."""
    access = _windows_identity.OnlyFor(owner, owner, _windows_identity.own_sid())
    handle = _winapi.CreateNamedPipe(name, FLAGS, 0, 255, 4096, 4096, 0, access.address)
    try:
        yield
    finally:
        _winapi.CloseHandle(handle)
        access.free()


def test_a_users_pipe_is_its_users_and_for_nobody_else() -> None:
    listener = listen(PLACE, 1.0)
    stream = dial(PLACE, 5.0)
    access = written_access(stream.handle)
    stream.close()
    listener.close()

    own = _windows_identity.own_sid()
    assert access == f"O:{own}D:P(A;;GA;;;{own})"


def test_a_system_services_pipe_is_for_administrators_and_the_system_too() -> None:
    place = Address("", "sync@pipes", system=True)
    listener = listen(place, 1.0)
    stream = dial(place, 5.0)
    access = written_access(stream.handle)
    stream.close()
    listener.close()

    own = _windows_identity.own_sid()
    assert access == f"O:BAD:P(A;;GA;;;{own})(A;;GA;;;SY)(A;;GA;;;BA)"


def test_every_instance_refuses_other_machines_and_the_first_is_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []
    really = _winapi.CreateNamedPipe

    def recorded(name: str, how: int, mode: int, *rest: int) -> int:
        asked.append((how & 0x00080000, mode))
        return int(really(name, how, mode, *rest))

    monkeypatch.setattr(_winapi, "CreateNamedPipe", recorded)
    with daemon() as made:
        made.peer().greeted().close()

    assert asked == [(0x00080000, 8), (0, 8)]  # FIRST_PIPE_INSTANCE, PIPE_REJECT_REMOTE_CLIENTS


@wine_alone
def test_a_daemon_refuses_another_user_by_windows_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pipe, "own_sid", lambda: STRANGER)  # the daemon is somebody else's
    with daemon() as made:
        peer = made.peer()
        refusal, end = peer.read(), peer.read()
        peer.close()

    assert code_of(refusal) == "permissionDenied"
    assert end is None


def test_a_peer_is_known_by_its_process_where_it_cannot_be_impersonated() -> None:
    listener = listen(PLACE, 1.0)
    stream = dial(PLACE, 5.0)
    theirs, _ = listener.accept()
    by_process = _windows_identity.client_process_sid(theirs.handle)
    by_token = _windows_identity.client_sid(theirs.handle)
    stream.close()
    theirs.close()
    listener.close()

    assert by_process == by_token == _windows_identity.own_sid()


@wine_alone
@pytest.mark.parametrize("owner", [STRANGER, _windows_identity.SYSTEM])
def test_a_client_trusts_no_other_users_pipe(owner: str) -> None:
    before = belongings()
    with pipe_of(owner, pipe_name(PLACE)), pytest.raises(NotAllowedError, match=owner):
        dial(PLACE, 5.0)

    assert no_more(before)


def test_a_client_trusts_no_users_pipe_to_be_a_system_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = r"\\.\pipe\bgsvc-trial"

    def squatted(_: Address) -> str:
        return name

    monkeypatch.setattr(_pipe, "pipe_name", squatted)
    with pipe_of(_windows_identity.own_sid(), name), pytest.raises(NotAllowedError):
        dial(Address("", "sync@pipes", system=True), 5.0)


def test_a_pipe_that_does_not_open_to_us_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> int:
        raise ctypes.WinError(5)

    monkeypatch.setattr(_winapi, "CreateFile", denied)  # Wine opens every pipe to everybody
    with pytest.raises(NotAllowedError, match="not for this user") as caught:
        dial(PLACE, 5.0)

    assert "administrator" in caught.value.fix


def test_a_second_daemon_fails_and_leaves_the_first_its_pipe() -> None:
    with daemon() as made:
        with pytest.raises(AlreadyRunningError, match="listens"):
            listen(made.address, 1.0)
        peer = made.peer().greeted()
        reply = peer.ask(type="state")
        peer.close()

    assert reply["ok"] is True


def test_a_pipe_ends_with_its_daemon() -> None:
    before = belongings()
    listen_and_leave()
    with pytest.raises(IpcError, match="nobody answers"):
        dial(PLACE, 1.0)

    assert no_more(before)


def listen_and_leave() -> None:
    with daemon() as made:
        made.peer().greeted().close()
        eventually(lambda: made.channel.peers == 0)


def test_who_goes_before_it_was_welcomed_leaves_room_for_the_next() -> None:
    listener = listen(PLACE, 5.0)
    dial(PLACE, 5.0).close()
    calls = [threading.Thread(target=say_hello, daemon=True) for _ in range(2)]
    for call in calls:
        call.start()
    heard = [b"", b"", b""]
    for place in range(3):  # who has gone is perhaps met with its silence, perhaps not at all
        stream, _ = listener.accept()
        heard[place] = stream.recv(100)
        stream.close()
        if heard.count(b"hello") == 2:
            break
    for call in calls:
        call.join()
    listener.close()

    assert heard.count(b"hello") == 2


def say_hello() -> None:
    stream = dial(PLACE, 30.0)
    stream.sendall(b"hello")
    assert stream.recv(1) == b""
    stream.close()


def test_closing_wakes_who_waits_for_peers_and_leaves_nothing() -> None:
    before = belongings()
    listener = listen(PLACE, 5.0)
    thread = threading.Thread(target=refused_to_accept, args=(listener,))
    thread.start()
    listener.close()
    thread.join(30)
    listener.close()  # a second time is no harm

    assert no_more(before)


def refused_to_accept(listener: "_pipe.PipeListener") -> None:
    with pytest.raises(ConnectionAbortedError):
        listener.accept()


def test_a_folder_spelled_otherwise_is_the_same_folder(tmp_path: Path) -> None:
    one, other = (address_of("sync", "a.b", text(str(tmp_path))) for text in (str.upper, str.lower))

    assert pipe_name(one) == pipe_name(other)


def test_a_name_too_long_for_a_pipe_goes_as_its_checksum() -> None:
    names = [pipe_name(Address("", "sync@" + "a" * 300 + last)) for last in "xy"]

    assert len(set(names)) == 2
    assert max(map(len, names)) <= 256


def test_it_is_known_whether_a_process_lives() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        before = is_alive(process.pid)
    after = is_alive(process.pid)

    assert (before, after, is_alive(os.getpid())) == (True, False, True)
