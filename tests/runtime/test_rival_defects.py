"""Defects that a rival shipped, each made to fail here if it came back."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

import bgsvc
from bgsvc import (
    BackgroundService,
    Guarantee,
    ServiceContext,
    ServiceState,
    bridge,
)
from bgsvc._app.bridge_host import BridgeHost
from bgsvc._app.capabilities import capabilities_of
from bgsvc._app.current import forget
from bgsvc._desktop.host import LocalHost
from bgsvc._desktop.mode import detect_mode
from bgsvc._events.bus import Bus
from bgsvc._lite.guards import is_array, is_object
from bgsvc._model.config import config_from_wire, config_to_wire
from bgsvc._model.errors import AlreadyRunningError, StillStoppingError
from bgsvc._model.event import Event
from bgsvc._service.notifier import Notifier
from bgsvc.testing import FakeHost
from tests.runtime.processes import ENTRY, ROOT, TIMEOUT_S, command, hosted, on_disk
from tests.runtime.services import DeafService, SyncService


def test_p01_sigterm_keeps_the_desired_state(tmp_path: Path) -> None:
    with hosted(tmp_path) as service:
        service.until("started")
        service.process.send_signal(signal.SIGTERM)

        assert service.until("stopped") == {"reason": "processExit"}
        assert service.process.wait(20) == 0
    assert on_disk(tmp_path)["desiredRunning"] is True
    assert on_disk(tmp_path)["config"] is not None


class TypeService(BackgroundService):
    """A service that tells the type it runs under."""

    def run(self, ctx: ServiceContext) -> None:
        ctx.emit("type", {"type": ctx.foreground_service_type})


def test_p02_event_arrives_under_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = json.loads((ROOT / "tests" / "vectors" / "requests.json").read_text())
    start = next(one for one in vectors if one["name"] == "start an Android service")["message"]
    config = {  # nothing in it is a default, so that what is not read cannot seem right
        "name": "type",
        "entry": f"{__name__}:TypeService",
        "label": {"en": "Types"},
        "stopTimeout": 7.0,
        "restart": {"on": "always", "delay": 2.0, "maxDelay": 9.0, "limit": 3, "window": 60.0},
        "startOnBoot": True,
        "foregroundServiceTypes": ["location", "camera"],
        "onTimeout": "notify",
        "allow": ["start"],
    }
    assert config.keys() == start["config"].keys()
    assert config_to_wire(config_from_wire(config)) == config

    host = BridgeHost()
    monkeypatch.setattr(bridge, "_hosts", [host])
    hello = {"v": 1, "id": "1", "type": "hello", "platform": "android", "dataDir": str(tmp_path)}
    assert json.loads(bridge.receive(json.dumps(hello)))["ok"]
    events: list[Event] = []
    host.runtime.ports.bus.tap(events.append)
    message = {**start, "config": config | {"restart": {}}, "foregroundServiceType": "camera"}
    assert json.loads(bridge.receive(json.dumps(message)))["ok"]
    supervisor = host.runtime.find("type")

    assert supervisor.wait_stopped(TIMEOUT_S)
    forget(host.runtime)
    assert [one.data for one in events if one.event == "type"] == [{"type": "camera"}]


@pytest.mark.parametrize("raised", [ValueError("x"), SystemExit(), KeyboardInterrupt()])
def test_p03_run_that_raises_leaves_nothing_running(host: FakeHost, raised: BaseException) -> None:
    class Dying(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            raise raised

    host.start(Dying)

    assert not bgsvc.is_service_running()
    assert [event.event for event in host.events()] == ["started", "error", "stopped"]
    assert host.start(Dying).run == 2


def test_p04_stopped_is_emitted_only_after_run_has_ended_and_runs_never_overlap(
    host: FakeHost,
) -> None:
    host.start(DeafService)
    status = host.stop()

    assert status.state is ServiceState.STOPPING
    assert not host.events("stopped")
    with pytest.raises(StillStoppingError):
        host.start(DeafService)
    host.advance(3600)
    assert len(host.events("stopped")) == 1
    assert host.start(DeafService).run == 2


def test_p05_running_os_service_reports_its_mode(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("INVOCATION_ID", "0")
    monkeypatch.setenv("MANAGERPID", "1")
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    capabilities = capabilities_of(LocalHost(mode=detect_mode()))

    assert capabilities.mode == "systemdUser"
    assert capabilities.background_execution.level is Guarantee.GUARANTEED


def test_p05_process_that_inherited_the_environment_is_not_a_service() -> None:
    done = command("capabilities", "--json", INVOCATION_ID="0", SYSTEMD_EXEC_PID="1")
    capabilities = json.loads(done.stdout)

    assert capabilities["mode"] == "desktopProcess"
    assert capabilities["scenarios"]["survivesReboot"]["level"] == Guarantee.UNSUPPORTED


def test_p07_error_keeps_its_code_over_every_hop(host: FakeHost) -> None:
    host.start(SyncService)
    with pytest.raises(AlreadyRunningError) as caught:
        host.start(SyncService)
    over_json = json.loads(json.dumps({"ok": False, "error": caught.value.to_wire()}))
    again = bgsvc.normalize_background_service_error(json.dumps(over_json))

    assert isinstance(again, AlreadyRunningError)
    assert again.code == "alreadyRunning"
    assert again.message == caught.value.message
    assert again.fix == caught.value.fix


def test_p07_error_keeps_its_code_over_the_bridge() -> None:
    reply = json.loads(bridge.receive('{"v":1,"id":"9","type":"stop","service":"nobody"}'))

    assert reply["error"]["code"] == "unknownService"


def test_p09_boot_starts_a_desired_service(tmp_path: Path) -> None:
    with hosted(tmp_path) as service:
        service.until("started")
        service.process.kill()
        service.process.wait()

    with hosted(tmp_path, "--boot") as service:
        assert service.until("started") == {"reason": "boot"}
    history = on_disk(tmp_path)["history"]
    assert is_array(history)
    assert [is_object(entry) and entry["ended"] for entry in history] == [None]


def test_p09_boot_does_not_start_a_stopped_service(tmp_path: Path) -> None:
    with hosted(tmp_path) as service:
        service.until("started")
        command("stop", "--name", "sync", "--data-dir", tmp_path)
        assert service.until("stopped") == {"reason": "userStop"}
        assert service.process.wait(20) == 0
    assert on_disk(tmp_path)["desiredRunning"] is False

    with hosted(tmp_path, "--boot") as service:
        assert service.process.wait(20) == 0
        assert service.process.stdout is not None
        assert service.process.stdout.read() == ""


def test_p09_app_start_replays_the_desired_state(host: FakeHost) -> None:
    host.start(SyncService)
    host.kill()
    results = bgsvc.replay_desired_state(SyncService, DeafService)

    assert [(result.service, result.reason) for result in results] == [("sync", "replay")]


def test_p11_notification_that_cannot_be_shown_affects_nothing_else() -> None:
    class Nothing(LocalHost):
        def __init__(self) -> None:
            super().__init__()
            sys.modules["desktop_notifier"] = None  # type: ignore[assignment]

    reported: list[object] = []
    try:
        notifier = Notifier("sync", Nothing(), reported.append, Bus())
        key = notifier.show("Notes", "Synced")
        assert notifier.update(key, body="Synced again")
    finally:
        del sys.modules["desktop_notifier"]

    assert len(reported) == 2
    assert "no desktop-notifier library" in str(reported[0])


def test_p08_second_process_of_a_service_fails(tmp_path: Path) -> None:
    with hosted(tmp_path) as service:
        service.until("started")
        second = command("run", ENTRY, "--data-dir", tmp_path)

        assert second.returncode == 2
        assert "alreadyRunning" in second.stderr
        service.process.terminate()
        assert service.until("stopped") == {"reason": "processExit"}
