import sys
import threading
import types
from typing import ClassVar

import pytest

from bgsvc import BackgroundService, ServiceConfig, ServiceContext
from bgsvc._local import LocalHost
from bgsvc._notifier import Notifier
from bgsvc.testing import FakeHost, Notification


class NotifyingService(BackgroundService):
    def run(self, ctx: ServiceContext) -> None:
        key = ctx.notifier.show("Notes", "Syncing", actions=[("pause", "Pause")], progress=(1, 4))
        ctx.notifier.on_action(lambda key, action: ctx.emit("pressed", {"by": [key, action]}))
        ctx.shutdown.wait()
        ctx.notifier.cancel(key)


def test_a_notification_is_shown_updated_pressed_and_taken_away(host: FakeHost) -> None:
    host.start(NotifyingService)
    shown = host.notifications[0]
    host.press(shown.key, "pause")
    host.stop()

    assert shown == Notification(
        "notifying", "show", "notifying-1", "Notes", "Syncing", (("pause", "Pause"),), (1, 4)
    )
    assert host.events("pressed")[0].data == {"by": ["notifying-1", "pause"]}
    assert host.notifications[-1] == Notification("notifying", "cancel", "notifying-1")


def test_an_update_keeps_what_it_does_not_change(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None)
    notifier.show_with_id("mine", "Notes", "Syncing", actions=[("a", "A")])
    assert notifier.update("mine", body="Synced")

    assert host.notifications[-1] == Notification(
        "sync", "update", "mine", "Notes", "Synced", (("a", "A"),)
    )


def test_what_is_not_shown_is_neither_updated_nor_cancelled(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None)

    assert not notifier.update("ghost", "Boo")
    assert not notifier.cancel("ghost")
    assert not host.notifications


def test_of_many_notifications_the_newest_hundred_are_remembered(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None)
    keys = [notifier.show("Notes", str(number)) for number in range(101)]

    assert [notifier.update(key, "Changed") for key in keys] == [False] + [True] * 100


def test_a_reason_for_showing_nothing_is_logged_once(
    host: FakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    reports: list[object] = []
    notifier = Notifier("sync", host, reports.append)
    for why in ("no desktop", "no desktop", "not allowed"):
        notifier.undelivered("sync-1", why)

    assert [line.message.split(": ")[-1] for line in caplog.records] == [
        "no desktop",
        "not allowed",
    ]
    assert len(reports) == 3


def test_an_action_callback_that_raises_hurts_nobody(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None)
    heard: list[str] = []

    def broken(_key: str, _action: str) -> None:
        raise ValueError("x")

    notifier.on_action(broken)
    forget = notifier.on_action(lambda _, action: heard.append(action))
    notifier.act("k", "one")
    forget()
    notifier.act("k", "two")

    assert heard == ["one"]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de_DE.UTF-8", "Notizen"),
        ("de", "Notizen"),
        ("fr_FR", "Notes"),
        (None, "Notes"),
        ("pt-BR", "Notas"),
    ],
)
def test_the_label_is_in_the_users_language(language: str | None, expected: str) -> None:
    label = {"en": "Notes", "de": "Notizen", "pt_BR": "Notas"}
    config = ServiceConfig(name="sync", entry="a:B", label=label)

    assert config.label_in(language) == expected


class Desktop(types.ModuleType):
    """Stands in for the library, and remembers what it was told."""

    calls: ClassVar[list[tuple[object, ...]]] = []
    called = threading.Condition()

    class Button:
        def __init__(self, title: str, identifier: str, on_pressed: object) -> None:
            self.title, self.identifier, self.on_pressed = title, identifier, on_pressed

    class DesktopNotifier:
        def __init__(self, app_name: str) -> None:
            self.app_name = app_name

        async def send(self, title: str, message: str, buttons: list["Desktop.Button"]) -> str:
            Desktop.note("send", title, message, [button.identifier for button in buttons])
            for button in buttons:
                assert callable(button.on_pressed)
                button.on_pressed()
            if title == "broken":
                raise OSError("no bus")
            return f"id of {title}"

        async def clear(self, identifier: str) -> None:
            Desktop.note("clear", identifier)

    @classmethod
    def note(cls, *call: object) -> None:
        with cls.called:
            cls.calls.append(call)
            cls.called.notify_all()

    @classmethod
    def wait_for(cls, count: int) -> None:
        with cls.called:
            assert cls.called.wait_for(lambda: len(cls.calls) >= count, 20)


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> type[Desktop]:
    Desktop.calls.clear()
    monkeypatch.setitem(sys.modules, "desktop_notifier", Desktop("desktop_notifier"))
    return Desktop


def test_a_desktop_shows_through_its_library(desktop: type[Desktop]) -> None:
    pressed: list[tuple[str, str]] = []
    notifier = Notifier("sync", LocalHost(app="notes"), lambda _: None)
    notifier.on_action(lambda key, action: pressed.append((key, action)))
    key = notifier.show("Notes", "Syncing", actions=[("pause", "Pause")], progress=(1, 4))
    notifier.update(key, body="Synced", progress=(4, 4))
    notifier.cancel(key)
    desktop.wait_for(4)

    assert desktop.calls == [
        ("send", "Notes", "Syncing (25%)", ["pause"]),
        ("clear", "id of Notes"),
        ("send", "Notes", "Synced (100%)", ["pause"]),
        ("clear", "id of Notes"),
    ]
    assert pressed == [(key, "pause")] * 2


def test_a_desktop_that_refuses_is_an_event_and_no_crash(desktop: type[Desktop]) -> None:
    reported: list[object] = []
    heard = threading.Event()

    def report(data: object) -> None:
        reported.append(data)
        heard.set()

    Notifier("sync", LocalHost(app="notes"), report).show("broken")

    assert heard.wait(20)
    assert reported == [{"key": "sync-1", "title": "broken", "why": "OSError: no bus"}]
    assert desktop.calls
