import asyncio
import threading
from collections.abc import Callable

import pytest

from bgsvc import Event
from bgsvc._events.bus import Bus, EventSource
from bgsvc._events.delivery import OWN_SIZE
from bgsvc._ports.clock import SystemClock

TIMEOUT_S = 20.0  # real seconds, far beyond what anything here takes


class Listener:
    """Remembers events, and waits for them without sleeping."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.changed = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait_for(self, wanted: Callable[[list[Event]], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: wanted(self.events), TIMEOUT_S)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def source(bus: Bus) -> EventSource:
    return EventSource("sync", bus, SystemClock())


def test_every_listener_hears_everything_in_order(bus: Bus, source: EventSource) -> None:
    listeners = [Listener() for _ in range(10)]
    for listener in listeners:
        bus.subscribe(listener)
    for number in range(500):
        source.emit(1, "beat", {"number": number})

    assert bus.drain(TIMEOUT_S)
    for listener in listeners:
        assert [event.data["number"] for event in listener.events] == list(range(500))
        assert [event.seq for event in listener.events] == list(range(1, 501))


def test_a_listener_that_is_stuck_holds_up_nobody_else(bus: Bus, source: EventSource) -> None:
    let_go = threading.Event()
    stuck = bus.subscribe(lambda _: let_go.wait(TIMEOUT_S))
    others = [Listener() for _ in range(5)]
    for listener in others:
        bus.subscribe(listener)

    for number in range(100):
        source.emit(1, "beat", {"number": number})
    for listener in others:
        listener.wait_for(lambda events: len(events) == 100)

    assert not bus.drain(0)
    let_go.set()
    assert bus.drain(TIMEOUT_S)
    assert stuck.dropped == 0


def test_several_listeners_that_are_stuck_hold_up_nobody_else(
    bus: Bus, source: EventSource
) -> None:
    let_go = threading.Event()
    for _ in range(3):
        bus.subscribe(lambda _: let_go.wait(TIMEOUT_S))
    other = Listener()
    bus.subscribe(other)

    source.emit(1, "beat", {})
    other.wait_for(lambda events: len(events) == 1)
    let_go.set()
    assert bus.drain(TIMEOUT_S)


@pytest.mark.parametrize("raised", [ValueError("x"), SystemExit(), KeyboardInterrupt()])
def test_a_listener_that_raises_hears_the_next_event_all_the_same(
    bus: Bus, source: EventSource, raised: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def raising(event: Event) -> None:
        heard.append(event.event)
        raise raised

    bus.subscribe(raising)
    source.emit(1, "one", {})
    source.emit(1, "two", {})

    assert bus.drain(TIMEOUT_S)
    assert heard == ["one", "two"]
    assert "failed" in caplog.text


def test_a_slow_listener_loses_the_oldest_and_is_told_how_many(
    bus: Bus, source: EventSource
) -> None:
    let_go = threading.Event()
    heard: list[Event] = []

    def slow(event: Event) -> None:
        let_go.wait(TIMEOUT_S)
        heard.append(event)

    subscription = bus.subscribe(slow)
    source.emit(1, "first", {})
    for number in range(OWN_SIZE * 2):
        source.emit(1, "beat", {"number": number})
    let_go.set()

    assert bus.drain(TIMEOUT_S)
    assert subscription.dropped > 0
    assert len(heard) + subscription.dropped == OWN_SIZE * 2 + 1
    assert heard[-1].data["number"] == OWN_SIZE * 2 - 1


def test_a_flood_of_a_services_events_never_pushes_out_the_runtimes_own(
    bus: Bus, source: EventSource
) -> None:
    let_go = threading.Event()
    heard: list[str] = []

    def slow(event: Event) -> None:
        let_go.wait(TIMEOUT_S)
        heard.append(event.event)

    bus.subscribe(slow)
    source.emit(1, "started", {})
    for number in range(OWN_SIZE * 2):
        source.emit(1, "beat", {"number": number})
    source.emit(1, "stopped", {"reason": "userStop"})
    for number in range(OWN_SIZE * 2):
        source.emit(2, "beat", {"number": number})
    let_go.set()

    assert bus.drain(TIMEOUT_S)
    assert heard[0] == "started"
    assert heard.count("stopped") == 1
    assert heard.count("beat") < OWN_SIZE * 4


def test_an_async_listener_runs_in_the_loop_it_was_added_from(
    bus: Bus, source: EventSource
) -> None:
    async def listen() -> list[object]:
        loop = asyncio.get_running_loop()
        heard: list[object] = []
        done = asyncio.Event()

        async def on_event(event: Event) -> None:
            await asyncio.sleep(0)
            heard.append((event.data["number"], asyncio.get_running_loop() is loop))
            if event.data["number"] == 1:
                raise ValueError("its own affair")
            if event.data["number"] == 2:
                done.set()

        bus.subscribe(on_event)
        for number in range(3):
            source.emit(1, "beat", {"number": number})
        await asyncio.wait_for(done.wait(), TIMEOUT_S)
        return heard

    assert asyncio.run(listen()) == [(0, True), (1, True), (2, True)]


def test_an_async_listener_added_outside_any_loop_gets_one(bus: Bus, source: EventSource) -> None:
    heard: list[str] = []

    async def on_event(event: Event) -> None:
        await asyncio.sleep(0)
        heard.append(event.event)

    bus.subscribe(on_event)
    source.emit(1, "one", {})
    source.emit(1, "two", {})

    assert bus.drain(TIMEOUT_S)
    assert heard == ["one", "two"]


def test_an_async_listener_whose_loop_is_gone_is_forgotten(bus: Bus, source: EventSource) -> None:
    async def subscribe() -> None:
        async def on_event(_: Event) -> None:
            raise AssertionError("nobody is there")

        bus.subscribe(on_event)

    asyncio.run(subscribe())
    other = Listener()
    bus.subscribe(other)
    source.emit(1, "one", {})
    source.emit(1, "two", {})

    assert bus.drain(TIMEOUT_S)
    assert len(other.events) == 2


def test_a_listener_that_was_taken_back_hears_nothing_more(bus: Bus, source: EventSource) -> None:
    listener = Listener()
    subscription = bus.subscribe(listener)
    source.emit(1, "one", {})
    assert bus.drain(TIMEOUT_S)
    subscription.close()
    source.emit(1, "two", {})

    assert bus.drain(TIMEOUT_S)
    assert [event.event for event in listener.events] == ["one"]


def test_what_an_event_carries_is_as_it_was_when_it_was_said(bus: Bus, source: EventSource) -> None:
    listener = Listener()
    bus.subscribe(listener)
    data = {"done": 1}
    source.emit(1, "progress", data)
    data["done"] = 2

    assert bus.drain(TIMEOUT_S)
    assert listener.events[0].data == {"done": 1}


def test_a_listener_added_behind_a_stuck_one_hears_what_comes(
    bus: Bus, source: EventSource
) -> None:
    let_go, inside = threading.Event(), threading.Event()

    def stuck(_: Event) -> None:
        inside.set()
        let_go.wait(TIMEOUT_S)

    bus.subscribe(stuck)
    source.emit(1, "first", {})
    assert inside.wait(TIMEOUT_S)
    late = Listener()
    bus.subscribe(late)
    source.emit(1, "second", {})

    late.wait_for(lambda events: [event.event for event in events] == ["second"])
    assert not let_go.is_set()
    let_go.set()


@pytest.mark.parametrize("failure", [asyncio.CancelledError, SystemExit, KeyboardInterrupt])
def test_an_async_listener_that_raises_anything_hears_the_next_event(
    bus: Bus, source: EventSource, failure: type[BaseException]
) -> None:
    heard = Listener()

    async def listen(event: Event) -> None:
        heard(event)
        raise failure

    bus.subscribe(listen)
    source.emit(1, "first", {})
    heard.wait_for(lambda events: len(events) == 1)
    source.emit(1, "second", {})

    heard.wait_for(lambda events: [event.event for event in events] == ["first", "second"])


def test_an_event_waits_for_a_thread_to_be_had(
    bus: Bus, source: EventSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Listener()
    bus.subscribe(heard)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        source.emit(1, "first", {})
    source.emit(1, "second", {})

    heard.wait_for(lambda events: [event.event for event in events] == ["first", "second"])
