import asyncio
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from bgsvc import BackgroundService, ServiceConfig, ServiceContext
from bgsvc._desktop.host import LocalHost
from bgsvc._events.bus import Bus
from bgsvc._lite.dataclasses import replace
from bgsvc._service.notifier import Notifier
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
    notifier = Notifier("sync", host, lambda _: None, host.runtime.ports.bus)
    notifier.show_with_id("mine", "Notes", "Syncing", actions=[("a", "A")])
    assert notifier.update("mine", body="Synced")

    assert host.notifications[-1] == Notification(
        "sync", "update", "mine", "Notes", "Synced", (("a", "A"),)
    )


def test_what_is_not_shown_is_neither_updated_nor_cancelled(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None, host.runtime.ports.bus)

    assert not notifier.update("ghost", "Boo")
    assert not notifier.cancel("ghost")
    assert not host.notifications


def test_of_many_notifications_the_newest_hundred_are_remembered(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None, host.runtime.ports.bus)
    keys = [notifier.show("Notes", str(number)) for number in range(101)]

    assert [notifier.update(key, "Changed") for key in keys] == [False] + [True] * 100


def test_a_reason_for_showing_nothing_is_logged_once(
    host: FakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    reports: list[object] = []
    notifier = Notifier("sync", host, reports.append, Bus())
    for why in ("no desktop", "no desktop", "not allowed"):
        notifier.undelivered("sync-1", why)

    assert [line.message.split(": ")[-1] for line in caplog.records] == [
        "no desktop",
        "not allowed",
    ]
    assert len(reports) == 3


def test_an_action_callback_that_raises_hurts_nobody(host: FakeHost) -> None:
    notifier = Notifier("sync", host, lambda _: None, host.runtime.ports.bus)
    heard: list[str] = []

    def broken(_key: str, _action: str) -> None:
        raise ValueError("x")

    notifier.on_action(broken)
    forget = notifier.on_action(lambda _, action: heard.append(action))
    notifier.act("k", "one")
    assert host.runtime.ports.bus.drain_calls(20)
    forget()
    forget()
    notifier.act("k", "two")

    assert host.runtime.ports.bus.drain_calls(20)
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
    host = LocalHost(app="notes")
    notifier = Notifier("sync", host, lambda _: None, host.bus)
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
    assert host.bus.drain_calls(20)
    assert pressed == [(key, "pause")] * 2


def test_a_desktop_that_refuses_is_an_event_and_no_crash(desktop: type[Desktop]) -> None:
    reported: list[object] = []
    heard = threading.Event()

    def report(data: object) -> None:
        reported.append(data)
        heard.set()

    Notifier("sync", LocalHost(app="notes"), report, Bus()).show("broken")

    assert heard.wait(20)
    assert reported == [{"key": "sync-1", "title": "broken", "why": "OSError: no bus"}]
    assert desktop.calls


class Slow:
    """A desktop library whose every call takes a turn of the loop, and what is on its screen."""

    def __init__(self) -> None:
        self.screen: dict[str, str] = {}
        self.calls = 0
        self.module = types.ModuleType("desktop_notifier")

        def new(app_name: str) -> Slow:
            assert app_name == "notes"
            return self

        vars(self.module).update(Button=object, DesktopNotifier=new)

    async def send(self, title: str, message: str, buttons: list[object]) -> str:
        for _ in range(10):
            await asyncio.sleep(0)
        self.calls += 1
        self.screen[str(self.calls)] = f"{title} {message}"
        return str(self.calls)

    async def clear(self, identifier: str) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        del self.screen[identifier]


def settled(host: LocalHost) -> None:
    """Wait until the desktop has done all it was told."""
    presenter = host._presenter  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert presenter is not None
    loop = presenter._loop  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    async def others() -> None:
        mine = asyncio.current_task()
        while rest := [task for task in asyncio.all_tasks() if task is not mine]:
            await asyncio.wait(rest)

    asyncio.run_coroutine_threadsafe(others(), loop).result(20)


def presented(*steps: Callable[[Notifier, Notifier], object]) -> list[str]:
    """Return what is on the screen after the notifiers of two services, a and b, did `steps`."""
    slow = Slow()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "desktop_notifier", slow.module)
        host = LocalHost(app="notes")
        first, second = (Notifier(name, host, lambda _: None, host.bus) for name in "ab")
        for step in steps:
            step(first, second)
        settled(host)
    return sorted(slow.screen.values())


def test_a_desktop_shows_only_the_last_of_an_updated_notification() -> None:
    assert presented(
        lambda a, _: a.show_with_id("k", "T", "1"),
        lambda a, _: a.update("k", body="2"),
        lambda a, _: a.update("k", body="3"),
    ) == ["T 3"]


def test_a_desktop_takes_away_what_was_shown_just_before() -> None:
    assert presented(lambda a, _: a.show_with_id("k", "T"), lambda a, _: a.cancel("k")) == []


def test_two_services_may_use_the_same_key_on_a_desktop() -> None:
    assert presented(
        lambda a, _: a.show_with_id("progress", "A", "1"),
        lambda _, b: b.show_with_id("progress", "B", "1"),
    ) == ["A 1", "B 1"]


@pytest.mark.parametrize("actions", [5, [("a",)], [5], [("a", "b", "c")], None])
@pytest.mark.parametrize("progress", [5, (1,), (1, "2"), (float("nan"), 1), "12"])
def test_buttons_and_a_progress_that_make_no_sense_are_left_out_and_logged(
    host: FakeHost, caplog: pytest.LogCaptureFixture, actions: object, progress: object
) -> None:
    notifier: Any = Notifier("sync", host, lambda _: None, host.runtime.ports.bus)
    notifier.show_with_id("k", "T", "B", actions=actions or (), progress=progress)
    notifier.update("k", actions=actions, progress=progress)

    shown = Notification("sync", "show", "k", "T", "B")
    assert host.notifications == [shown, replace(shown, op="update")]
    assert len(caplog.records) == (2 if actions is None else 4)
    assert all("left out" in line for line in caplog.messages)
