"""What a service's process says to systemd's daemons, and what it takes from them."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from bgsvc import BackgroundService, ServiceContext
from bgsvc._daemon.journald import goes_to_journal, send_event
from bgsvc._model.event import Event
from bgsvc.testing import FakeHost
from tests.runtime.processes import hosted


def received(channel: socket.socket) -> dict[str, str]:
    """Read a datagram as journald does."""
    rest, fields = channel.recv(1 << 20), dict[str, str]()
    while rest:
        line, _, after = rest.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(after[:8], "little")
            value, after = after[8 : 8 + size], after[9 + size :]
        fields[name.decode()] = value.decode()
        rest = after
    return fields


def test_an_event_is_sent_to_the_journal_with_all_it_carries(tmp_path: Path) -> None:
    data = {"code": "runtime", "message": "two\nlines = 3 ✓"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "journal"))
        send_event(Event("sync", 3, 7, 0.0, "error", data), str(tmp_path / "journal"))
        found = received(channel)

    assert json.loads(found.pop("BGSVC_DATA")) == data
    assert found.pop("MESSAGE").startswith("sync #3  error ")
    assert found == {
        "PRIORITY": "3",
        "BGSVC_SERVICE": "sync",
        "BGSVC_RUN": "3",
        "BGSVC_SEQ": "7",
        "BGSVC_EVENT": "error",
        "BGSVC_CODE": "runtime",
    }


def test_an_event_that_the_journal_does_not_take_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send_event(Event("sync", 1, 1, 0.0, "started", {}), str(tmp_path / "nobody"))

    assert "sync #1  started" in capsys.readouterr().out


def test_only_the_stream_that_systemd_names_goes_to_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "stream").open("wb") as stream:
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert goes_to_journal(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino + 1}")
        assert not goes_to_journal(stream.fileno())


def test_a_credential_is_read_by_its_name_and_nothing_else_is(
    host: FakeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bytes | None] = []

    class Reader(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            found.extend(map(ctx.credential, ("token", "absent", "../secret", "..", "")))

    (tmp_path / "given").mkdir()
    (tmp_path / "given/token").write_bytes(b"s3cret\n")
    (tmp_path / "secret").write_bytes(b"not yours")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    host.start(Reader)

    assert found == [b"s3cret\n", None, None, None, None]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="systemd's protocol")
def test_a_reload_begins_a_new_run_and_tells_systemd(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.settimeout(20)
        with hosted(tmp_path, NOTIFY_SOCKET=path) as told:
            assert channel.recv(100).startswith(b"READY=1")
            told.process.send_signal(signal.SIGHUP)
            assert told.until("stopped") == {"reason": "osRestart"}
            assert told.until("started") == {"reason": "osRestart"}
            said = [channel.recv(100).split(b"\n") for _ in range(3)]
            told.process.send_signal(signal.SIGTERM)
            assert told.until("stopped") == {"reason": "processExit"}
            assert told.process.wait(20) == 0

    assert (said[0][0], said[0][2]) == (b"RELOADING=1", b"STATUS=reloading")
    assert said[0][1].startswith(b"MONOTONIC_USEC=")
    assert said[1:] == [[b"STATUS=ended: osRestart"], [b"READY=1", b"STATUS=running"]]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="systemd's protocol")
def test_a_reload_does_not_call_back_what_is_stopping_for_good(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    entry = "tests.runtime.services:StubbornService"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(path)
        channel.settimeout(20)
        with hosted(tmp_path, "--stop-timeout=2", entry=entry, NOTIFY_SOCKET=path) as told:
            told.until("started")
            told.process.send_signal(signal.SIGTERM)
            while not channel.recv(100).startswith(b"STOPPING=1"):
                pass
            told.process.send_signal(signal.SIGHUP)
            assert channel.recv(100).startswith(b"RELOADING=1")

            assert told.until("stopped") == {"reason": "processExit"}
            assert told.process.wait(20) == 0
