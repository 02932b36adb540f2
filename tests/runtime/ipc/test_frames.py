import contextlib
import json
import os
import random
from pathlib import Path

import pytest

from bgsvc._ipc.frames import LIMIT
from bgsvc._lite.guards import is_object
from bgsvc._model.enums import StopReason
from bgsvc._model.errors import NotRunningError
from tests.runtime.ipc.peers import (
    TIMEOUT_S,
    Daemon,
    belongings,
    code_of,
    daemon,
    eventually,
    no_more,
    resident,
)


def padded(size: int) -> bytes:
    """Return a request of exactly `size` bytes."""
    start = b'{"v":1,"id":"big","type":"state","padding":"'
    return start + b"x" * (size - len(start) - 2) + b'"}'


def test_a_frame_of_one_mebibyte_is_answered() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.frame(padded(LIMIT))
        reply = peer.read()
        peer.close()

    assert reply is not None
    assert (reply["ok"], reply["id"]) == (True, "big")


def test_a_frame_of_one_byte_more_is_refused_and_the_connection_ends() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.stream.sendall((LIMIT + 1).to_bytes(4, "big"))
        refusal, end = peer.read(), peer.read()
        peer.close()
        answered = made.peer().greeted()
        answered.close()

    assert code_of(refusal) == "messageInvalid"
    assert end is None


def test_half_a_frame_costs_its_sender_the_connection_and_nobody_else_anything() -> None:
    with daemon(patience=0.2) as made:
        halves = [made.peer().greeted() for _ in range(3)]
        for peer, half in zip(halves, (b"\0", b"\0\0\0\x10", b"\0\0\0\x10{"), strict=True):
            peer.stream.sendall(half)
        other = made.peer().greeted()
        assert other.ask(type="state")["ok"] is True
        endings = [(code_of(peer.read()), peer.read()) for peer in halves]
        for peer in (*halves, other):
            peer.close()

    assert endings == [("ipc", None)] * 3


def test_who_does_not_say_hello_in_time_is_sent_away() -> None:
    with daemon(patience=0.1) as made:
        peer = made.peer()
        refusal, end = peer.read(), peer.read()
        peer.close()

    assert (code_of(refusal), end) == ("ipc", None)


def test_a_greeted_peer_may_be_silent_as_long_as_it_likes() -> None:
    with daemon(patience=0.05) as made:
        quiet = made.peer().greeted()
        noisy = made.peer()  # sent away after one patience: by then the other was silent as long
        assert code_of(noisy.read()) == "ipc"
        reply = quiet.ask(type="state")
        quiet.close()
        noisy.close()

    assert reply["ok"] is True


def test_garbage_is_answered_with_an_error_and_the_conversation_goes_on() -> None:
    garbage = (b"", b"\xff\xfe", b"nonsense", b"[]", b'"text"', b"null", b"{", b"[" * 100_000)
    with daemon() as made:
        peer = made.peer().greeted()
        for content in garbage:
            peer.frame(content)
            assert code_of(peer.read()) == "messageInvalid", content[:20]
        reply = peer.ask(type="state")
        peer.close()

    assert reply["ok"] is True


def test_each_slip_of_a_peer_has_an_error_of_its_own() -> None:
    with daemon() as made:
        peer = made.peer()
        assert peer.refusal(type="state") == "messageInvalid"  # hello comes first
        assert peer.refusal(type="hello", v=2) == "protocolMismatch"
        assert peer.refusal(type="hello", service="other") == "unknownService"
        peer.greeted()
        assert peer.refusal(type="install") == "unknownMessage"
        assert peer.refusal(type=["state"]) == "unknownMessage"
        assert peer.refusal(type="state", service=7) == "messageInvalid"
        assert peer.refusal(type="stop", reason="platformTimeout") == "messageInvalid"
        assert peer.refusal(type="start", reason="boot") == "messageInvalid"
        assert peer.refusal(type="events", after="yesterday") == "messageInvalid"
        assert peer.refusal(type="message", data=1) == "notRunning"
        assert peer.ask(type="state", flavour="vanilla")["ok"] is True
        peer.close()


def test_a_reply_carries_the_id_of_its_request_whatever_that_is() -> None:
    ids = ("seven", 7, None, ["a"], {"b": 1.5}, "ä\udc80")
    with daemon() as made:
        peer = made.peer().greeted()
        found = [peer.ask(type="state", id=one)["id"] for one in ids]
        peer.close()

    assert found == list(ids)


def test_requests_sent_together_are_answered_one_after_the_other() -> None:
    frame = padded(100)
    whole = (len(frame).to_bytes(4, "big") + frame) * 50
    with daemon() as made:
        peer = made.peer().greeted()
        for place in range(0, len(whole), 7):
            peer.stream.sendall(whole[place : place + 7])
        replies = [peer.read() for _ in range(50)]
        peer.close()

    assert [reply and reply["ok"] for reply in replies] == [True] * 50


def seeds(folder: Path) -> "list[bytes]":
    """Return good requests to spoil: those of the vectors and some of our own."""
    vectors: list[dict[str, object]] = json.loads(folder.read_text())
    asked = [vector["message"] for vector in vectors]
    asked += [{"v": 1, "id": "1", "type": kind} for kind in ("hello", "state", "events", "wish")]
    return [json.dumps(one).encode() for one in asked if is_object(one)]


def spoiled(good: bytes, chance: random.Random) -> bytes:
    """Return a frame, its head included, that is wrong in some way, or right."""
    content = bytearray(good)
    for _ in range(chance.randrange(4)):
        place = chance.randrange(len(content) + 1)
        what = chance.randrange(4)
        if what == 0:
            content[place:place] = chance.randbytes(chance.randrange(1, 9))
        elif what == 1:
            del content[place : place + chance.randrange(1, 9)]
        elif what == 2 and place < len(content):
            content[place] = chance.randrange(256)
        else:
            content[place:place] = chance.choice((b"{", b'"', b"[", b"NaN", b"1e999", b"\\ud800"))
    size = len(content)
    if chance.randrange(50) == 0:
        size = chance.choice((0, 1, size + 1, LIMIT, LIMIT + 1, 2**32 - 1))
    return size.to_bytes(4, "big") + bytes(content)


def fuzzed(made: Daemon, frames: int, chance: random.Random) -> int:
    """Send spoiled frames over connection after connection; return how many replies came."""
    good = seeds(Path(__file__).parents[2] / "vectors" / "requests.json")
    replies = sent = 0
    while sent < frames:
        peer = made.peer()
        if chance.randrange(4):
            peer.greeted()
        for _ in range(chance.randrange(1, 200)):
            sent += 1
            try:
                peer.stream.sendall(spoiled(chance.choice(good), chance))
            except (BrokenPipeError, ConnectionResetError):
                break
            replies += peer.drained()
        peer.close()
    return replies


@pytest.mark.parametrize(
    "frames", [2_000, pytest.param(100_000, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_no_frame_however_spoiled_crashes_the_daemon_or_leaves_anything_behind(
    frames: int,
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    first, then = random.Random(seed), random.Random(seed + 1)  # noqa: S311 - not for secrets
    with daemon() as made:
        assert fuzzed(made, 1_000, first) > 0, seed
        rest(made)
        before, memory = belongings(), resident()
        assert fuzzed(made, frames, then) > 0, seed
        rest(made)
        eventually(lambda: no_more(before))
        grown = resident() - memory
        peer = made.peer().greeted()
        reply = peer.ask(type="state")
        peer.close()

    assert reply["ok"] is True, seed
    assert grown < 16 << 20, (seed, grown)


def rest(made: Daemon) -> None:
    """End what the frames have started: some of them are good."""
    eventually(lambda: made.channel.peers == 0)
    with contextlib.suppress(NotRunningError):
        made.service.stop(StopReason.APP_STOP)
    assert made.service.wait_stopped(TIMEOUT_S)
