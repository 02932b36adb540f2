"""What a service's or an app's own code raises or blocks in the middle of a host's request."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import bgsvc
from bgsvc import AppState, BackgroundService, NativeState, ServiceContext, bridge
from bgsvc._app.current import current, forget
from tests.runtime.processes import TIMEOUT_S, command

trouble: "list[Callable[[], object]]" = []


class HostileService(BackgroundService):
    """Does in every callback what the test puts into `trouble`."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.notifier.on_action(lambda _key, _action: trouble[0]())
        ctx.on_message(lambda _: trouble[0]())
        ctx.emit("ready")
        ctx.shutdown.wait()


def quits() -> None:
    raise SystemExit(3)


def interrupts() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Iterator[Callable[..., object]]":
    """Return what asks a bridge of this test's own; its one service runs."""
    monkeypatch.setattr(bridge, "_hosts", [])
    ready = threading.Event()

    def heard(text: str) -> None:
        if json.loads(text).get("event") == "ready":
            ready.set()

    def ask_bridge(**fields: object) -> object:
        reply = json.loads(bridge.receive(json.dumps({"v": 1, "id": 1, **fields})))
        return reply["error"]["code"] if "error" in reply else reply["result"]

    bridge.attach(heard)
    ask_bridge(type="hello", platform="android", dataDir=str(tmp_path))
    entry = f"{__name__}:HostileService"
    ask_bridge(type="start", reason="user", config={"name": "hostile", "entry": entry})
    assert ready.wait(TIMEOUT_S)
    yield ask_bridge
    ask_bridge(type="stop", service="hostile", reason="userStop")
    runtime = current()
    assert runtime.find("hostile").wait_stopped(TIMEOUT_S)
    forget(runtime)


def test_refused_start_changes_no_status(
    ask: Callable[..., object],
) -> None:
    running = {"name": "hostile", "entry": f"{__name__}:HostileService"}
    other = {"name": "other", "entry": f"{__name__}:HostileService"}
    start = {"type": "start", "reason": "user", "mode": "androidJob"}

    assert ask(**start, config=running) == "alreadyRunning"
    assert ask(**start, config=other, deadline=-1) == "messageInvalid"
    assert bgsvc.get_platform_capabilities().mode == "androidForegroundService"
    states = {name: bgsvc.get_service_state(name).native_state for name in ("hostile", "other")}
    assert states == {"hostile": NativeState.RUNNING, "other": NativeState.IDLE}


def test_run_keeps_the_mode_it_was_started_in(ask: Callable[..., object]) -> None:
    job = {"name": "job", "entry": f"{__name__}:HostileService"}
    ask(type="start", reason="user", mode="androidJob", config=job)

    modes = [bgsvc.get_platform_capabilities(name).mode for name in ("hostile", "job")]

    assert modes == ["androidForegroundService", "androidJob"]
    ask(type="stop", service="job", reason="userStop")
    assert current().find("job").wait_stopped(TIMEOUT_S)


@pytest.mark.parametrize("raises", [quits, interrupts])
def test_request_does_not_raise_what_a_callback_raises(
    ask: Callable[..., object], raises: Callable[[], object]
) -> None:
    trouble[:] = [raises]
    take_back = bgsvc.on_app_state_change(lambda _: raises())

    assert ask(type="action", service="hostile", notification="n", action="pause") == {}
    assert ask(type="message", service="hostile", data=1) == {}
    assert ask(type="appState", state="background") == {}
    take_back()


def test_request_does_not_wait_for_a_callback(
    ask: Callable[..., object],
) -> None:
    let_go, inside = threading.Event(), threading.Semaphore(0)

    def block() -> None:
        inside.release()
        assert let_go.wait(TIMEOUT_S)

    trouble[:] = [block]
    take_back = bgsvc.on_app_state_change(lambda _: block())
    ask(type="action", service="hostile", notification="n", action="pause")
    ask(type="appState", state="background")

    assert inside.acquire(timeout=TIMEOUT_S)
    assert inside.acquire(timeout=TIMEOUT_S), "one callback holds up the other"
    let_go.set()
    take_back()


def test_callbacks_are_called_in_order_and_never_after_removal(
    ask: Callable[..., object],
) -> None:
    seen: list[AppState] = []
    take_back = bgsvc.on_app_state_change(seen.append)
    for state in ("background", "active", "background"):
        ask(type="appState", state=state)
    bus = current().ports.bus
    assert bus.drain_calls(TIMEOUT_S)
    take_back()
    ask(type="appState", state="active")

    assert bus.drain_calls(TIMEOUT_S)
    assert seen == [AppState.BACKGROUND, AppState.ACTIVE, AppState.BACKGROUND]


def test_start_whose_module_calls_exit_is_an_error_and_ends_nothing(
    ask: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quitter.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    config = {"name": "quitter", "entry": "quitter:Service"}

    assert ask(type="start", reason="user", config=config) == "entryNotFound"


@pytest.mark.parametrize("what", ["run", "validate"])
def test_command_line_reports_a_module_that_calls_exit(what: str, tmp_path: Path) -> None:
    (tmp_path / "quitter.py").write_text("import sys\nsys.exit(0)\n")
    done = command(what, "quitter:Service", "--data-dir", tmp_path, PYTHONPATH=str(tmp_path))

    assert done.returncode == {"run": 2, "validate": 1}[what]
    assert "importing it raised SystemExit: 0" in done.stdout + done.stderr
