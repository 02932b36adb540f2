import asyncio
from pathlib import Path

import pytest

import bgsvc
from bgsvc import Event
from bgsvc._lite.guards import is_object
from tests.runtime.ipc.peers import Peer, daemon, eventually
from tests.runtime.processes import hosted

CHATTY = "tests.runtime.services:ChattyService"


def numbers(peer: Peer, last: int) -> "tuple[list[int], int]":
    """Read events up to the one numbered `last`; return their numbers, and the drop counter."""
    found: list[int] = []
    dropped = 0
    while not found or found[-1] < last:
        message = peer.read()
        assert message is not None
        if message["type"] == "dropped":
            assert isinstance(message["count"], int)
            dropped = message["count"]
        elif message["type"] == "event":
            assert isinstance(message["seq"], int)
            found.append(message["seq"])
    return found, dropped


def test_a_peer_gets_the_events_from_the_number_it_names() -> None:
    with daemon() as made:
        for number in range(10):
            made.source.emit(1, "beat", {"number": number})
        peer = made.peer().greeted()
        result = peer.ask(type="events", after=4)["result"]
        made.source.emit(1, "beat", {"number": 10})
        found = numbers(peer, 11)
        peer.close()

    assert is_object(result)
    assert result["after"] == 4
    assert found == ([5, 6, 7, 8, 9, 10, 11], 0)


def test_a_peer_that_names_no_number_gets_what_follows() -> None:
    with daemon() as made:
        made.source.emit(1, "beat", {})
        peer = made.peer().greeted()
        peer.ask(type="events")
        made.source.emit(1, "beat", {})
        found = numbers(peer, 2)
        peer.close()

    assert found == ([2], 0)


def test_a_number_of_another_process_means_nothing_here() -> None:
    with daemon() as made:
        made.source.emit(1, "beat", {})
        peer = made.peer().greeted()
        peer.ask(type="events", after=700, instance="of an earlier life")
        found = numbers(peer, 1)
        peer.close()

    assert found == ([1], 0)


def test_what_was_forgotten_before_it_was_read_is_counted_exactly() -> None:
    with daemon(own=100) as made:
        for number in range(1_000):
            made.source.emit(1, "beat", {"number": number})
        peer = made.peer().greeted()
        peer.ask(type="events", after=250)
        made.source.emit(1, "beat", {})
        found, dropped = numbers(peer, 1_001)
        peer.close()

    assert dropped >= 650
    assert dropped + len(found) == 1_001 - 250


def test_no_flood_pushes_out_the_end_of_a_run() -> None:
    with daemon(own=10) as made:
        made.source.emit(1, "started", {"reason": "app"})
        for number in range(1_000):
            made.source.emit(1, "beat", {"number": number})
        made.source.emit(1, "stopped", {"reason": "appStop"})
        peer = made.peer().greeted()
        peer.ask(type="events", after=0)
        found = numbers(peer, 1_002)
        peer.close()

    assert found == ([1, *range(992, 1_003)], 990)


def test_a_reader_that_never_reads_holds_up_neither_the_service_nor_other_readers() -> None:
    count = 20_000
    text = "x" * 500
    with daemon(own=64) as made:
        stuck, lively = made.peer().greeted(), made.peer().greeted()
        for peer in (stuck, lively):
            peer.ask(type="events")
        for number in range(count):  # ten megabytes: far more than any socket holds
            made.source.emit(1, "beat", {"number": number, "text": text})
        assert lively.read() is not None
        other = made.peer().greeted()
        assert other.ask(type="state")["ok"] is True
        found, dropped = numbers(stuck, count)
        for peer in (stuck, lively, other):
            peer.close()

    assert dropped > 0
    assert len(found) + dropped == count
    assert found == sorted(found)


def test_an_event_that_no_frame_holds_comes_without_its_data_and_says_so() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.ask(type="events")
        made.source.emit(1, "beat", {"text": "x" * (1 << 20)})
        message = peer.read()
        peer.close()

    assert message is not None
    problem = message["problem"]
    assert is_object(problem)
    assert (message["data"], problem["code"]) == ({}, "messageInvalid")


def test_an_event_that_json_cannot_carry_comes_as_its_text() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.ask(type="events")
        made.source.emit(1, "beat", {"path": Path("/"), "ratio": float("nan")})
        message = peer.read()
        peer.close()

    assert message is not None
    assert message["data"] == {"path": repr(Path("/")), "ratio": "nan"}


def test_a_peer_may_ask_while_its_events_come() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.ask(type="events")
        for number in range(100):
            made.source.emit(1, "beat", {"number": number})
        peer.send(type="state")
        kinds = [str(message["type"]) for message in (peer.read() for _ in range(101)) if message]
        peer.close()

    assert sorted(kinds) == ["event"] * 100 + ["reply"]


def test_events_may_be_asked_for_once() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        peer.ask(type="events")
        code = peer.refusal(type="events")
        peer.close()

    assert code == "messageInvalid"


def test_a_message_reaches_the_service_and_its_answer_all_who_listen(tmp_path: Path) -> None:
    heard: list[Event] = []
    with hosted(tmp_path, entry=CHATTY) as told:
        told.until("started")
        with bgsvc.connect("chatty", data_dir=tmp_path) as service:
            forget = service.on_event(heard.append)
            events = service.events()
            service.send(3)
            found = [next(events).data["number"] for _ in range(3)]
            eventually(lambda: len(heard) == 3)
            forget()

    assert found == [0, 1, 2]
    assert [event.data["number"] for event in heard] == [0, 1, 2]


def test_a_client_reads_all_from_the_first_event_and_the_last(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            events = service.events(after=0)
            service.stop()
            found = [next(events) for _ in range(2)]

    assert [(event.event, event.seq) for event in found] == [("started", 1), ("stopped", 2)]


def test_a_client_in_an_event_loop_asks_and_listens_without_holding_it_up(tmp_path: Path) -> None:
    async def talk() -> "tuple[list[object], bool, int]":
        async with bgsvc.connect_async("chatty", data_dir=tmp_path) as service:
            events = await service.events()
            with pytest.raises(asyncio.TimeoutError):  # nothing yet; nothing is lost by waiting
                await asyncio.wait_for(anext(events), 0.05)
            await service.send(200)
            found = [(await anext(events)).data["number"] for _ in range(200)]
            return found, await service.is_running(), events.dropped

    with hosted(tmp_path, entry=CHATTY) as told:
        told.until("started")
        found, running, dropped = asyncio.run(talk())

    assert found == list(range(200))
    assert (running, dropped) == (True, 0)
