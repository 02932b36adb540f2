import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import bgsvc
from bgsvc._ipc.address import address_of
from bgsvc._ipc.frames import Frames, framed, unframed
from bgsvc._ipc.transport import listen
from bgsvc._model.errors import IpcError
from tests.runtime.ipc.peers import belongings, daemon, eventually, no_more, short_folder
from tests.runtime.processes import Told, hosted

if TYPE_CHECKING:
    from bgsvc._ipc.transport import Listener

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
CHATTY = "tests.runtime.services:ChattyService"


def killed(told: Told) -> None:
    told.process.kill()
    told.process.wait()


def test_a_client_finds_the_daemon_again_that_was_killed_and_restarted(tmp_path: Path) -> None:
    with hosted(tmp_path, entry=CHATTY) as told:
        told.until("started")
        service = bgsvc.connect("chatty", data_dir=tmp_path)
        events = service.events(after=0)
        service.send(2)
        before = [next(events) for _ in range(3)]
        killed(told)
    with hosted(tmp_path, entry=CHATTY) as told:
        told.until("started")
        state = service.state()
        service.send(1)
        after = [next(events) for _ in range(2)]
        service.close()

    assert [(event.run, event.seq) for event in before] == [(1, 1), (1, 2), (1, 3)]
    assert [(event.run, event.seq) for event in after] == [(2, 1), (2, 2)]
    assert state.run == 2
    assert events.dropped == 0


def test_an_async_client_finds_the_daemon_again_that_was_killed_and_restarted(
    tmp_path: Path,
) -> None:
    async def talk() -> list[tuple[int, int]]:
        async with bgsvc.connect_async("chatty", data_dir=tmp_path) as service:
            events = await service.events(after=0)
            await service.send(1)
            found = [await anext(events) for _ in range(2)]
            await asyncio.to_thread(killed, told)
            with hosted(tmp_path, entry=CHATTY) as again:
                await asyncio.to_thread(again.until, "started")
                await service.send(1)
                found += [await anext(events) for _ in range(2)]
        return [(event.run, event.seq) for event in found]

    with hosted(tmp_path, entry=CHATTY) as told:
        told.until("started")
        assert asyncio.run(talk()) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_a_request_for_which_nobody_comes_back_fails_in_time(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        bgsvc.connect("sync", data_dir=tmp_path).close()  # it is up
        service = bgsvc.connect("sync", data_dir=tmp_path, timeout=2)
        killed(told)
        with pytest.raises(IpcError):
            service.state()
        service.close()


def test_an_order_that_may_have_been_carried_out_is_not_given_twice() -> None:
    with short_folder() as folder:
        orders: list[object] = []
        listener = listen(address_of("sync", data_dir=str(folder)), 30.0)
        thread = threading.Thread(target=take_orders, args=(listener, orders))
        thread.start()
        with (
            bgsvc.connect("sync", data_dir=folder) as service,
            pytest.raises(IpcError, match="has gone"),
        ):
            service.send("once")
        listener.close()
        thread.join()

    assert orders == ["once"]


def take_orders(listener: "Listener", orders: "list[object]") -> None:
    """Be a daemon that greets, takes an order and dies of it, as often as somebody connects."""
    with suppress(OSError):
        while True:
            stream, _ = listener.accept()
            frames = Frames(stream)
            hello = {"type": "reply", "id": "1", "ok": True, "result": {"service": "sync"}}
            if frames.read() is not None:
                frames.write(framed(hello))
                orders.append(unframed(frames.read() or b"").get("data"))
            frames.close()


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_ten_thousand_connections_leave_nothing_behind(count: int) -> None:
    with daemon() as made:
        for _ in range(100):
            made.peer().greeted().close()
        eventually(lambda: made.channel.peers == 0)
        before = belongings()
        for _ in range(count):
            made.peer().greeted().close()
        eventually(lambda: made.channel.peers == 0)
        eventually(lambda: no_more(before))


def test_more_peers_than_there_is_room_for_are_told_so_and_others_stay() -> None:
    with daemon() as made:
        peers = [made.peer().greeted() for _ in range(64)]
        extra = made.peer()
        refusal, end = extra.read(), extra.read()
        assert all(peer.ask(type="state")["ok"] is True for peer in peers)
        for peer in (*peers, extra):
            peer.close()
        eventually(lambda: made.channel.peers == 0)
        made.peer().greeted().close()

    assert refusal is not None
    assert refusal["ok"] is False
    assert end is None


@needs_fork
def test_a_forked_child_of_a_client_talks_over_a_connection_of_its_own(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        with bgsvc.connect("sync", data_dir=tmp_path) as service:
            child = os.fork()
            if child == 0:
                os._exit(0 if all(service.state().run == 1 for _ in range(200)) else 1)
            mine = all(service.state().run == 1 for _ in range(200))
            _, status = os.waitpid(child, 0)

    assert mine
    assert os.waitstatus_to_exitcode(status) == 0


@needs_fork
def test_a_forked_child_of_the_service_keeps_neither_peers_nor_the_place() -> None:
    with daemon() as made:
        peer = made.peer().greeted()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
        os.close(reader)
        made.channel.close()
        assert peer.read() is None  # it ends for the peer though the child lives
        peer.close()
        with pytest.raises(OSError, match="No such file"):
            made.peer()
        os.close(writer)
        os.waitpid(child, 0)


def test_closing_ends_what_waits_for_an_answer_and_for_events(tmp_path: Path) -> None:
    with hosted(tmp_path) as told:
        told.until("started")
        service = bgsvc.connect("sync", data_dir=tmp_path, timeout=60)
        events = service.events()
        found: list[object] = []
        thread = threading.Thread(target=lambda: found.extend(events))
        thread.start()
        service.close()
        thread.join(10)
        with pytest.raises(IpcError, match="closed"):
            service.state()

    assert not thread.is_alive()
    assert found == []
