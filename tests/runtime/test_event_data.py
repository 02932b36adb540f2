"""What a service puts into an event is what listeners get, and no event is lost for it."""

import json
import time

import pytest

from bgsvc import BackgroundService, Event, ServiceContext
from bgsvc._clock import SystemClock
from bgsvc._errors import ConfigError
from bgsvc._events import Bus, EventSource
from bgsvc._json import encode
from bgsvc.testing import FakeHost


@pytest.mark.parametrize("data", [5, 0, "ab", [1], [], True])
def test_data_that_is_no_mapping_is_refused_and_leaves_no_gap(host: FakeHost, data: object) -> None:
    refused: list[str] = []

    class Emitting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            try:
                ctx.emit("odd", data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            except ConfigError as error:
                refused.append(error.code)
            ctx.emit("even")

    host.start(Emitting)

    assert refused == ["configInvalid"]
    assert [event.event for event in host.events()] == ["started", "even", "stopped"]
    assert [event.seq for event in host.events()] == [1, 2, 3]


def test_data_that_contains_itself_is_told_as_far_as_it_can_be(host: FakeHost) -> None:
    class Circling(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            data: dict[str, object] = {"a": 1}
            data["self"] = data
            items: list[object] = [2]
            items.extend((items, items))
            data["items"] = items
            ctx.emit("circle", data)

    host.start(Circling)
    told = json.loads(encode(host.events("circle")[0].to_wire()))

    assert told["data"]["a"] == 1
    assert told["data"]["self"].startswith("{'a': 1")
    assert told["data"]["items"][:2] == [2, "[2, [...], [...]]"]
    assert [event.event for event in host.events()] == ["started", "circle", "stopped"]


def test_data_that_is_nested_without_end_in_sight_is_cut_off(host: FakeHost) -> None:
    class Nesting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            deep: list[object] = []
            for _ in range(100_000):
                deep = [deep]
            ctx.emit("deep", {"deep": deep})

    host.start(Nesting)

    assert encode(host.events("deep")[0].to_wire())
    assert [event.event for event in host.events()] == ["started", "deep", "stopped"]


def test_what_a_service_does_with_its_data_later_changes_no_event(host: FakeHost) -> None:
    class Growing(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            items: list[object] = []
            data = {"items": items, "in": {"items": (items,)}}
            for number in range(3):
                items.append(number)
                ctx.emit("grown", data)
            items.clear()
            data.clear()

    host.start(Growing)

    grown = [[0], [0, 1], [0, 1, 2]]
    assert [event.data["items"] for event in host.events("grown")] == grown
    assert [event.data["in"] for event in host.events("grown")] == [
        {"items": (items,)} for items in grown
    ]


def test_copying_leaves_room_for_fifty_thousand_events_a_second() -> None:
    heard: list[Event] = []
    bus = Bus()
    bus.tap(heard.append)
    source = EventSource("sync", bus, SystemClock())
    data = {"left": 3, "name": "notes", "sizes": [1, 2, 3], "at": {"x": 1.5, "y": None}}

    def took() -> float:
        before = time.process_time()
        for _ in range(5_000):
            source.emit(1, "progress", data)
        return time.process_time() - before

    assert min(took() for _ in range(5)) < 0.1
