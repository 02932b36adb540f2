"""Shows notifications on a desktop through the `desktop-notifier` library, if it is there."""

from __future__ import annotations

import asyncio
import importlib
import threading

from bgsvc._lite.guards import is_array, is_number, is_object
from bgsvc._model.errors import describe_error
from bgsvc._service.notifier import REMEMBERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bgsvc._ports.host import NotificationReply


class DesktopPresenter:
    """Owns the thread and the event loop the library needs.

    Raises:
        ImportError: If the library is not installed.
    """

    def __init__(self, app: str) -> None:
        library = importlib.import_module("desktop_notifier")
        self._button: Any = library.Button
        self._notifier: Any = library.DesktopNotifier(app_name=app)
        self._shown: dict[tuple[str, str], str] = {}
        self._turn = asyncio.Lock()  # first come, first served
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="bgsvc-notify", daemon=True)
        thread.start()

    def present(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        """Show, update or cancel a notification, later and in order."""
        asyncio.run_coroutine_threadsafe(self._in_turn(message, reply), self._loop)

    async def _in_turn(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        async with self._turn:
            await self._present(message, reply)

    async def _present(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        key = (str(message["service"]), str(message["key"]))
        try:
            previous = self._shown.pop(key, None)
            if previous is not None:
                await self._notifier.clear(previous)
            if message["op"] != "cancel":
                self._shown[key] = await self._notifier.send(
                    title=str(message.get("title", "")),
                    message=_text(message),
                    buttons=self._buttons(message.get("actions"), reply),
                )
                if len(self._shown) > REMEMBERED:
                    del self._shown[next(iter(self._shown))]
        except Exception as error:  # noqa: BLE001 - whatever the desktop says, the service goes on
            reply.undelivered(describe_error(error))

    def _buttons(self, actions: object, reply: NotificationReply) -> list[object]:
        buttons: list[object] = []
        for action in actions if is_array(actions) else []:
            if is_object(action):
                key = str(action.get("id"))
                buttons.append(
                    self._button(
                        title=str(action.get("title")),
                        identifier=key,
                        on_pressed=lambda key=key: reply.pressed(key),
                    )
                )
        return buttons


def _text(message: Mapping[str, object]) -> str:
    """Return the body, with the progress in words: desktops have no bar for it."""
    body, progress = str(message.get("body", "")), message.get("progress")
    if not is_object(progress):
        return body
    done, total = progress.get("done"), progress.get("total")
    if not is_number(done) or not is_number(total) or total <= 0:
        return body
    return f"{body} ({done / total:.0%})".strip()
