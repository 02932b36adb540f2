import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgsvc import (
    AppState,
    BackgroundServiceError,
    Guarantee,
    NativeState,
    OnTimeout,
    RestartOn,
    ServiceState,
    StartReason,
    StopReason,
    bridge,
)
from bgsvc._app.bridge_host import BridgeHost
from bgsvc._lite.guards import is_object
from bgsvc._lite.json import decode, encode
from bgsvc._model import errors as _errors
from bgsvc._model.event import RESERVED, Event

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests" / "vectors"
HOST = """\
import sys
import threading
from bgsvc import bridge
def say(kind, text):
    sys.stdout.write(f"{kind} {text}\\n")
    sys.stdout.flush()
bridge.attach(lambda text: say("message", text))
for line in sys.stdin:
    say("reply", bridge.receive(line))
"""


KINDS: "dict[str, tuple[type, ...]]" = {
    "<any>": (object,),
    "<array>": (list,),
    "<number>": (int, float),
    "<object>": (dict,),
    "<string>": (str,),
}


def vectors(name: str) -> "list[dict[str, object]]":
    loaded: list[dict[str, object]] = json.loads((VECTORS / name).read_text())
    return loaded


class HostProcess:
    """A host in a process of its own, spoken to in lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages: list[dict[str, object]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOST],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}{os.pathsep}{ROOT}"},
        )

    def ask(self, text: str) -> "dict[str, object]":
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.read("reply")

    def read(self, kind: str) -> "dict[str, object]":
        assert self.process.stdout is not None
        for line in self.process.stdout:
            line_kind, _, text = line.partition(" ")
            fields: dict[str, object] = json.loads(text)
            if line_kind == "message":
                self.messages.append(fields)
            if line_kind == kind:
                return fields
        raise AssertionError("the host has ended")

    def wait_for(self, matches: "Callable[[dict[str, object]], bool]") -> None:
        while not any(matches(message) for message in self.messages):
            self.read("message")

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.stdout is not None
        self.process.stdout.read()
        self.process.stdout.close()
        assert self.process.wait() == 0


def alike(expected: object, actual: object) -> bool:
    """Compare, `<kind>` in the expectation standing for any value of that kind."""
    if isinstance(expected, str) and expected in KINDS:
        return isinstance(actual, KINDS[expected])
    if is_object(expected) and is_object(actual):
        return expected.keys() == actual.keys() and all(
            alike(expected[key], actual[key]) for key in expected
        )
    return expected == actual


def test_request_of_the_vectors_gets_its_reply(tmp_path: Path) -> None:
    host = HostProcess(tmp_path)
    for vector in vectors("requests.json"):
        text = json.dumps(vector["message"]).replace("<dir>", str(tmp_path))
        reply = host.ask(text)
        asked = vector["message"]
        assert is_object(asked)
        assert (reply["v"], reply["type"], reply["id"]) == (1, "reply", asked["id"])
        if "error" in vector:
            error = reply["error"]
            assert is_object(error)
            assert error.keys() == {"code", "message", "fix"}
            assert (reply["ok"], error["code"]) == (False, vector["error"]), vector["name"]
        else:
            assert reply["ok"] is True, (vector["name"], reply)
            assert alike(vector["result"], reply["result"]), (vector["name"], reply["result"])
    host.close()


def test_message_to_the_host_matches_the_vectors(tmp_path: Path) -> None:
    shapes = {
        (message["type"], message.get("event", message.get("op"))): message.keys()
        for message in (vector["message"] for vector in vectors("messages.json"))
        if is_object(message)
    }
    host = HostProcess(tmp_path)
    hello = {"v": 1, "id": "1", "type": "hello", "platform": "ios", "dataDir": str(tmp_path)}
    host.ask(json.dumps(hello))
    config = {"name": "loud", "entry": "tests.runtime.services:LoudService"}
    host.ask(json.dumps({"v": 1, "id": "2", "type": "start", "config": config, "reason": "app"}))
    host.wait_for(lambda message: message.get("event") == "stopped")
    host.close()

    for message in host.messages:
        shape = shapes[message["type"], message.get("event", message.get("op"))]
        assert message.keys() == shape, message
    assert {str(message["type"]) for message in host.messages} == {
        "desiredState",
        "event",
        "finiteTask",
        "notification",
    }


def test_label_is_in_the_language_of_hello(tmp_path: Path) -> None:
    host = HostProcess(tmp_path)
    hello = {"v": 1, "id": "1", "type": "hello", "platform": "ios", "dataDir": str(tmp_path)}
    host.ask(json.dumps({**hello, "language": "de-AT"}))
    config = {
        "name": "named",
        "entry": "tests.runtime.services:NamedService",
        "label": {"en": "Notes", "de": "Notizen"},
    }
    host.ask(json.dumps({"v": 1, "id": "2", "type": "start", "config": config, "reason": "app"}))
    host.wait_for(lambda message: message.get("event") == "label")
    host.close()

    labels = [message["data"] for message in host.messages if message.get("event") == "label"]
    assert labels == [{"label": "Notizen"}]


def test_message_type_has_a_vector() -> None:
    sections = (ROOT / "docs" / "bridge.md").read_text().split("## ")
    documented = {
        line.split("`")[1]
        for section in sections
        if section.startswith(("Host → runtime", "Runtime → host"))
        for line in section.partition("| type |")[2].partition("\n\n")[0].splitlines()
        if line.startswith("| `")
    }
    shown = {
        str(message["type"])
        for name in ("requests.json", "messages.json")
        for message in (vector["message"] for vector in vectors(name))
        if is_object(message)
    }
    assert documented == shown - {"teleport"}
    assert len(documented) > 10


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "null", '"x"', "{}", "\ud800", '{"v":1}', "[" * 100_000]
)
def test_receive_answers_any_text_and_never_raises(text: str) -> None:
    reply = json.loads(bridge.receive(text))

    assert reply["ok"] is False
    assert reply["error"]["code"] in {"messageInvalid", "protocolMismatch", "unknownMessage"}


def test_enums_of_the_vectors_are_those_of_the_code() -> None:
    words = json.loads((VECTORS / "words.json").read_text())

    assert words["startReasons"] == [*StartReason]
    assert words["stopReasons"] == {
        one.value: {"clearsDesiredState": one.clears_desired_state} for one in StopReason
    }
    assert words["serviceStates"] == [*ServiceState]
    assert words["nativeStates"] == [*NativeState]
    assert words["appStates"] == [*AppState]
    assert words["guarantees"] == [*Guarantee]
    assert words["restartOn"] == [*RestartOn]
    assert words["onTimeout"] == [*OnTimeout]
    assert words["events"] == sorted(RESERVED)
    every = BackgroundServiceError.__subclasses__()
    kinds = [kind for kind in every if kind.__module__.startswith("bgsvc.")]
    known = {kind.default_code for kind in kinds}
    assert set(words["errorCodes"]) <= known | {"unknown", "stateUnreadable"}
    assert known - {"usage"} <= set(words["errorCodes"])


def test_event_of_the_vectors_round_trips() -> None:
    message = vectors("messages.json")[1]["message"]
    event = Event("sync", 1, 2, 1800000000.25, "progress", {"done": 3, "of": 10})

    assert {"v": 1, "type": "event", **event.to_wire()} == message


def test_error_of_the_vectors_is_read_as_its_class() -> None:
    error = _errors.from_wire({"code": "stopTimeout", "message": "late", "fix": "hurry"})

    assert isinstance(error, _errors.StopTimeoutError)
    assert error.to_wire() == {"code": "stopTimeout", "message": "late", "fix": "hurry"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(json_values.filter(lambda value: "inf" not in repr(value)))
def test_encoded_value_is_json(value: object) -> None:
    assert json.loads(encode(value)) == value
    assert decode(encode(value)) == value
    assert decode(json.dumps(value, indent=2)) == value


@given(st.text())
def test_text_that_is_not_json_is_a_value_error(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - any kind of it
            decode(text)
    else:
        assert repr(decode(text)) == repr(expected)


def test_slow_host_delays_no_caller() -> None:
    taken: list[str] = []
    inside, let_go = threading.Event(), threading.Event()

    def send(text: str) -> None:
        inside.set()
        let_go.wait(20.0)
        taken.append(json.loads(text)["task"])

    host = BridgeHost()
    host.attach(send)
    first = threading.Thread(target=lambda: host.finite_task("begin", "1", "upload"))
    first.start()
    assert inside.wait(20.0)
    second = threading.Thread(target=lambda: host.finite_task("begin", "2", "upload"))
    second.start()
    second.join(20.0)

    assert not second.is_alive()
    assert taken == []
    let_go.set()
    first.join(20.0)
    assert taken == ["1", "2"]


def test_message_sent_from_inside_send_comes_after_it() -> None:
    taken: list[str] = []
    host = BridgeHost()

    def send(text: str) -> None:
        task = json.loads(text)["task"]
        if task == "1":
            host.finite_task("begin", "2", "upload")
        taken.append(task)
        if task == "2":
            raise SystemExit
        if task == "1":
            host.finite_task("begin", "3", "upload")

    host.attach(send)
    host.finite_task("begin", "1", "upload")

    assert taken == ["1", "2", "3"]
