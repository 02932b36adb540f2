"""What a service puts into an event is what listeners get, and no event is lost for it."""

import json
import time
from collections.abc import Callable

import pytest

import bgsvc
from bgsvc import BackgroundService, Event, ServiceContext, bridge
from bgsvc._app.bridge_host import BridgeHost
from bgsvc._desktop.console import event_text
from bgsvc._events.bus import Bus, EventSource
from bgsvc._ipc.frames import encode_json
from bgsvc._lite.json import compact, encode
from bgsvc._model.errors import ConfigError
from bgsvc._ports.clock import SystemClock
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


@pytest.mark.parametrize("name", [3, "", None, [], "stopped"])
def test_an_event_without_a_name_of_its_own_is_refused(host: FakeHost, name: object) -> None:
    class Emitting(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            with pytest.raises(ConfigError):
                ctx.emit(name, {})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            ctx.emit("even")

    host.start(Emitting)

    assert [event.event for event in host.events()] == ["started", "even", "stopped"]


@pytest.mark.parametrize("wrong", [3, None, "words", []])
def test_what_cannot_be_called_back_is_refused_at_once(
    host: FakeHost, wrong: "Callable[..., object]"
) -> None:
    class Listening(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            for take in (ctx.on_message, bgsvc.on_plugin_event, bgsvc.on_app_state_change):
                with pytest.raises(ConfigError):
                    take(wrong)
            with pytest.raises(ConfigError):
                bgsvc.before_exit(wrong)
            ctx.emit("even")

    host.start(Listening)

    assert [event.event for event in host.events()] == ["started", "even", "stopped"]


@pytest.mark.parametrize(("wrong", "code"), [(3, "configInvalid"), (int, "configInvalid")])
def test_what_is_no_service_is_not_started(
    host: FakeHost, wrong: type[BackgroundService], code: str
) -> None:
    with pytest.raises(bgsvc.BackgroundServiceError) as caught:
        bgsvc.start_service(wrong)
    assert caught.value.code == code
    with pytest.raises(bgsvc.BackgroundServiceError) as caught:
        bgsvc.stop_service([wrong])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert caught.value.code == "unknownService"
    assert host.events() == []


def test_what_json_cannot_carry_reaches_other_processes_as_its_repr() -> None:
    data = {"set": {1}, "bytes": b"a", "nan": float("nan"), "tuple": (1, 2), 3: range(2)}
    carried = {"set": "{1}", "bytes": "b'a'", "nan": "nan", "tuple": [1, 2], "3": "range(0, 2)"}

    assert json.loads(encode_json(data)) == json.loads(encode(data)) == carried


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


class Unspeakable:
    """What cannot say what it is."""

    def __repr__(self) -> str:
        raise SystemExit(3)


ODD_DATA = [
    {"x": float("nan")},
    {"x": [float("inf")]},
    {("a", 1): 2},
    {"x": {("a", 1): 2}},
    {"x": Unspeakable()},
    {"x": 10**5000},
]


def unspoken(constant: str) -> object:
    raise AssertionError(f"{constant} is no JSON")


@pytest.mark.parametrize("data", ODD_DATA)
@pytest.mark.parametrize("write", [compact, encode])
def test_odd_data_is_written_as_json_that_any_reader_takes(
    write: Callable[[object], str], data: dict[object, object]
) -> None:
    told = json.loads(write({"data": data, "n": 1.5}), parse_constant=unspoken)

    assert told["n"] == 1.5
    assert len(told["data"]) == 1


@pytest.mark.parametrize("data", ODD_DATA)
def test_no_event_is_lost_on_its_way_over_the_bridge(data: dict[str, object]) -> None:
    sent: list[str] = []
    host = BridgeHost()
    host.attach(sent.append)
    host._post_event(Event("sync", 1, 1, 2.0, "odd", data))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    assert len(sent) == 1
    assert json.loads(sent[0], parse_constant=unspoken)["event"] == "odd"


def test_what_the_bridge_carries_holds_the_same_as_ever() -> None:
    data: dict[str, object] = {"a": [1, None, True, "\u00e4"], "b": {}}
    fields: dict[str, object] = {"v": 1, "time": 1.25, "data": data}

    assert json.loads(compact(fields)) == fields == json.loads(encode(fields))


def test_a_request_id_that_is_no_number_comes_back_as_json() -> None:
    reply = json.loads(
        bridge.receive('{"v": 1, "type": "nothing", "id": NaN}'), parse_constant=unspoken
    )

    assert (reply["id"], reply["ok"]) == ("nan", False)


def test_an_event_prints_on_one_line_without_control_characters() -> None:
    data = {"x": "a\nb\x1b[2Jc", "k\x1b": 1, "plain": "word"}
    line = event_text(Event("sync", 1, 1, 2.0, "odd\x1b[2J", data))

    assert line.isprintable()
    assert line.endswith("x='a\\nb\\x1b[2Jc'  'k\\x1b'=1  plain=word")


def test_an_event_that_cannot_say_what_it_carries_prints_still() -> None:
    assert event_text(Event("s", 1, 1, 2.0, "odd", {"x": Unspeakable()})).endswith(
        "x=<Unspeakable>"
    )
