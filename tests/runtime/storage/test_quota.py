import json
import logging
from pathlib import Path

import pytest

from bgsvc import BackgroundService, OnTimeout, ServiceConfig, ServiceContext, StopReason
from bgsvc._cli.report import list_services
from bgsvc._lite.dataclasses import replace
from bgsvc._model.errors import QuotaExhaustedError
from bgsvc._storage.quota import BUDGETS, HOUR, QuotaTracker, budgets_of
from bgsvc._storage.state_file import StateFile
from bgsvc.testing import FakeHost, VirtualClock
from tests.runtime.services import PlainService, SyncService

SYNC = ServiceConfig(
    name="sync",
    entry="tests.runtime.services:SyncService",
    foreground_service_types=("dataSync",),
)


def left(host: FakeHost, service: str | None = None) -> float | None:
    return host.state(service).remaining


def test_a_service_without_a_budget_has_no_deadline(host: FakeHost) -> None:
    host.start(SyncService, foreground_service_type="location")

    assert left(host) is None


def test_a_budget_is_used_by_running_and_by_nothing_else(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(HOUR)
    host.stop()
    host.advance(HOUR)
    host.start(SYNC)

    assert left(host) == 5 * HOUR


def test_deep_sleep_uses_nothing(host: FakeHost) -> None:
    host.start(SYNC)
    host.clock.sleep_deeply(3 * HOUR)
    host.advance(HOUR)

    assert left(host) == 5 * HOUR


def test_a_run_is_warned_and_then_stopped_in_time(host: FakeHost) -> None:
    host.start(SYNC)
    began = host.clock.now()
    host.advance(6 * HOUR)

    warning, stopped = host.events("quota_warning")[0], host.events("stopped")[0]
    assert warning.time - began == 6 * HOUR - 600
    assert warning.data == {"remaining": 600.0, "types": ["dataSync"]}
    assert stopped.time - began == 6 * HOUR - 10
    assert stopped.data == {"reason": "platformTimeout"}
    assert host.state().desired_running is True


def test_a_service_that_is_only_to_be_told_runs_on_to_the_platforms_own_end(
    host: FakeHost,
) -> None:
    host.start(replace(SYNC, on_timeout=OnTimeout.NOTIFY))
    host.advance(6 * HOUR)

    assert len(host.events("quota_warning")) == 1
    assert not host.events("stopped")
    host.expire(remaining=5.0)
    assert host.events("stopped")[0].data == {"reason": "platformTimeout"}


def test_an_exhausted_budget_refuses_a_start_before_the_platform_does(host: FakeHost) -> None:
    host.start(replace(SYNC, on_timeout=OnTimeout.NOTIFY))
    host.advance(6 * HOUR)
    host.expire()

    with pytest.raises(QuotaExhaustedError):
        host.start(SYNC)


def test_the_window_passes_by_elapsed_time(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(HOUR)
    host.stop()
    host.clock.sleep_deeply(23 * HOUR)
    host.start(SYNC)

    assert left(host) == 6 * HOUR


def test_services_of_one_type_share_its_budget(host: FakeHost) -> None:
    host.start(SYNC)
    host.start(PlainService, foreground_service_type="dataSync")
    host.advance(HOUR)
    host.stop("sync")
    host.advance(HOUR)

    assert left(host, "plain") == 4 * HOUR


def test_types_have_budgets_of_their_own(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(HOUR)
    host.start(PlainService, foreground_service_type="mediaProcessing")

    assert left(host, "plain") == 6 * HOUR


def test_the_app_in_front_begins_the_count_anew(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(5 * HOUR)
    host.foreground()
    assert left(host) is None
    host.advance(HOUR)
    host.background()

    assert left(host) == 6 * HOUR
    assert not host.events("stopped")


def test_the_count_outlives_the_process_but_for_a_minute(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(2 * HOUR + 59)
    host.kill()
    host.start(SYNC)

    assert left(host) == 4 * HOUR


def test_a_restart_of_the_device_begins_the_count_anew(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(2 * HOUR)
    host.reboot()
    host.start(SYNC)

    assert left(host) == 6 * HOUR


def test_a_short_service_has_three_minutes_each_time(host: FakeHost) -> None:
    for _ in range(2):
        host.start(PlainService, foreground_service_type="shortService")
        assert left(host) == 180
        host.advance(180)

    warnings = [event.data["remaining"] for event in host.events("quota_warning")]
    assert warnings == [36, 36]
    assert [event.data["reason"] for event in host.events("stopped")] == ["platformTimeout"] * 2


def test_a_granted_window_is_a_deadline_on_ios() -> None:
    with FakeHost(platform="ios", mode="iosRefresh") as host:
        host.start(SyncService, deadline=30.0)
        assert host.state().remaining == 30
        host.advance(30)

        assert [event.event for event in host.events()] == ["started", "quota_warning", "stopped"]
        assert host.events("stopped")[0].data == {"reason": "platformExpiration"}


def test_a_service_sees_its_deadline(host: FakeHost) -> None:
    class Looking(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            while not ctx.shutdown.wait(60):
                ctx.emit("left", {"left": ctx.remaining(), "deadline": ctx.deadline})

    host.start(Looking, foreground_service_type="shortService")
    began = host.clock.uptime()
    host.advance(60)

    assert host.events("left")[0].data == {"left": 120.0, "deadline": began + 180}


def test_an_expiry_shortens_the_deadline_and_stops_within_it(host: FakeHost) -> None:
    host.start(SYNC)
    host.advance(60)
    host.runtime.find().expire(StopReason.PLATFORM_TIMEOUT, 4.0)

    assert host.events("stopped")[0].data == {"reason": "platformTimeout"}


@pytest.mark.parametrize(
    ("types", "api_level", "target_sdk", "expected"),
    [
        (("dataSync",), 36, 36, ["dataSync"]),
        (("dataSync",), 34, 36, []),
        (("dataSync",), 36, 34, []),
        (("dataSync",), None, None, ["dataSync"]),
        (("dataSync", "location"), 36, 36, ["dataSync"]),
        (("dataSync", "mediaProcessing"), 36, 36, ["dataSync", "mediaProcessing"]),
        (("shortService",), 34, 30, ["shortService"]),
        (("shortService",), 33, 36, []),
        (("shortService", "location"), 36, 36, []),
        (("location",), 36, 36, []),
    ],
)
def test_budgets_hold_where_android_has_them(
    types: tuple[str, ...], api_level: int | None, target_sdk: int | None, expected: list[str]
) -> None:
    assert [one.kind for one in budgets_of(types, api_level, target_sdk)] == expected


def test_budgets_are_androids_alone() -> None:
    with FakeHost(platform="linux", mode="desktopInProcess") as host:
        host.start(SYNC)

        assert host.state().remaining is None


DATA_SYNC = BUDGETS[0]


def test_what_one_process_uses_is_used_for_the_others(tmp_path: Path) -> None:
    clock = VirtualClock()
    one, two = (QuotaTracker(clock, str(tmp_path), "boot") for _ in range(2))
    for quota_tracker in (one, two, one):
        quota_tracker.begin(DATA_SYNC)
        clock.advance(HOUR)
        quota_tracker.end(DATA_SYNC)

    assert QuotaTracker(clock, str(tmp_path), "boot").left(DATA_SYNC) == 3 * HOUR
    assert two.left(DATA_SYNC) == 3 * HOUR


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 1, "boot": "boot", "dataSync": 5}',
        '{"version": 1, "boot": "boot", "dataSync": {"used": -1e9, "windowBegan": 0}}',
    ],
)
def test_damaged_counts_are_told_kept_and_begun_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / "~quota.json").write_text(content)
    with caplog.at_level(logging.WARNING, "bgsvc"):
        assert QuotaTracker(VirtualClock(), str(tmp_path), "boot").left(DATA_SYNC) == 6 * HOUR

    assert "the time budgets are damaged" in caplog.text
    assert (tmp_path / "~quota.json.damaged").read_text() == content


def test_a_service_named_quota_and_the_budgets_do_not_share_a_file(host: FakeHost) -> None:
    host.start(replace(SYNC, name="quota"))
    host.advance(HOUR)
    host.kill()

    saved, problem = StateFile(host.runtime.ports.state_dir, "quota").load()
    assert problem is None
    assert saved.desired_running is True
    assert list_services(host.runtime.ports.state_dir) == ["quota"]
    host.start(replace(SYNC, name="quota"))
    assert left(host, "quota") == 5 * HOUR


def test_the_budgets_of_an_earlier_version_are_taken_over_once(tmp_path: Path) -> None:
    clock = VirtualClock()
    entry = {"used": HOUR, "windowBegan": clock.elapsed()}
    old = tmp_path / "quota.json"
    old.write_text(json.dumps({"version": 1, "boot": "boot", "dataSync": entry}))

    assert QuotaTracker(clock, str(tmp_path), "boot").left(DATA_SYNC) == 5 * HOUR
    assert not old.exists()
