"""What a service's process says to systemd's daemons, and what it takes from them."""

import json
import os
import socket
from pathlib import Path

import pytest

from bgsvc import BackgroundService, ServiceContext
from bgsvc._events import Event
from bgsvc._journald import goes_to_journal, send_event
from bgsvc.testing import FakeHost


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
