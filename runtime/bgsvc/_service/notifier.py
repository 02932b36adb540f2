"""Notifications, as a service sends them; the host shows them."""

from __future__ import annotations

import threading

from bgsvc._lite.guards import is_array, is_number
from bgsvc._lite.json import safe_repr
from bgsvc._model.errors import describe_error
from bgsvc._ports.host import NotificationReply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bgsvc._events.bus import Bus
    from bgsvc._ports.host import Host

_DONE_AND_TOTAL = 2
REMEMBERED = 100
"""Notifications of a service, the newest, that can still be changed: it may run for months."""


class Notifier:
    """Shows, changes and takes back a service's notifications. No call blocks or raises.

    Buttons or a progress that make no sense are left out, and the log says so.
    """

    def __init__(
        self,
        service: str,
        host: Host,
        report: Callable[[Mapping[str, object]], object],
        bus: Bus,
    ) -> None:
        self._report = report
        self._bus = bus
        self._topic = f"on_action {service}"
        self._service = service
        self._host = host
        self._lock = threading.Lock()
        self._count = 0
        self._shown: dict[str, dict[str, object]] = {}
        self._undelivered_for = ""

    def show(
        self,
        title: str,
        body: str = "",
        *,
        actions: Sequence[tuple[str, str]] = (),
        progress: tuple[float, float] | None = None,
    ) -> str:
        """Show a new notification and return its key, for `update` and `cancel`.

        The keys of the newest 100 are known; an older notification stays as it is.

        Args:
            title: Its first line.
            body: What follows.
            actions: Its buttons, each an id and a title; `on_action` hears of them.
            progress: How much is done, and of how much.
        """
        with self._lock:
            self._count += 1
            key = f"{self._service}-{self._count}"
        return self.show_with_id(key, title, body, actions=actions, progress=progress)

    def show_with_id(
        self,
        key: str,
        title: str,
        body: str = "",
        *,
        actions: Sequence[tuple[str, str]] = (),
        progress: tuple[float, float] | None = None,
    ) -> str:
        """Show a notification under a key of your own, in place of an earlier one of that key."""
        fields = _fields(title, body, actions, progress)
        with self._lock:
            self._shown.pop(key, None)
            self._shown[key] = fields
            if len(self._shown) > REMEMBERED:
                del self._shown[next(iter(self._shown))]
        self._send("show", key, fields)
        return key

    def update(
        self,
        key: str,
        title: str | None = None,
        body: str | None = None,
        *,
        actions: Sequence[tuple[str, str]] | None = None,
        progress: tuple[float, float] | None = None,
    ) -> bool:
        """Change what is given of a notification; False if that key is not shown."""
        changes = _fields(title, body, actions, progress)
        with self._lock:
            shown = self._shown.get(key)
            if shown is None:
                return False
            shown.update(changes)
            fields = dict(shown)
        self._send("update", key, fields)
        return True

    def cancel(self, key: str) -> bool:
        """Take a notification away; False if that key is not shown."""
        with self._lock:
            if self._shown.pop(key, None) is None:
                return False
        self._send("cancel", key, {})
        return True

    def on_action(self, callback: Callable[[str, str], object]) -> Callable[[], None]:
        """Call `callback(key, action_id)` when the user presses a button.

        It runs in a thread of its own or, if it is an `async def`, in the event loop it was added
        from; one that raises or blocks hurts nobody. Returns a function that takes it back.
        """
        return self._bus.on_call(self._topic, callback)

    def act(self, key: str, action: str) -> None:
        """Pass a pressed button on to the service, and return; the host calls this."""
        self._bus.call(self._topic, key, action)

    def undelivered(self, key: str, why: str) -> None:
        """Tell as an event that a notification was not shown; log the first for each reason."""
        import logging

        with self._lock:
            title = str(self._shown.get(key, {}).get("title", ""))
            level = logging.DEBUG if why == self._undelivered_for else logging.WARNING
            self._undelivered_for = why
        logging.getLogger("bgsvc").log(level, "%s: %r not shown: %s", self._service, title, why)
        self._report({"key": key, "title": title, "why": why})

    def _send(self, op: str, key: str, fields: Mapping[str, object]) -> None:
        message = {"service": self._service, "op": op, "key": key, **fields}
        reply = NotificationReply(
            press=lambda action: self.act(key, action),
            report_undelivered=lambda why: self.undelivered(key, why),
        )
        try:
            self._host.notify(message, reply)
        except Exception as error:  # noqa: BLE001 - a notification is never worth a service's life
            reply.undelivered(describe_error(error))


def _fields(
    title: str | None,
    body: str | None,
    actions: Sequence[tuple[str, str]] | None,
    progress: tuple[float, float] | None,
) -> dict[str, object]:
    fields: dict[str, object] = {}
    if title is not None:
        fields["title"] = safe_repr(title, str)
    if body is not None:
        fields["body"] = safe_repr(body, str)
    if actions is not None:
        fields["actions"] = _buttons(actions)
    if progress is not None and (share := _share(progress)) is not None:
        fields["progress"] = share
    return fields


def _buttons(actions: object) -> list[dict[str, str]]:
    try:
        pairs: Iterable[tuple[object, object]] = actions  # type: ignore[assignment]
        return [{"id": str(key), "title": str(title)} for key, title in pairs]
    except Exception:  # noqa: BLE001 - the rest of the notification is shown all the same
        _leave_out("actions", actions, "pairs of an id and a title")
        return []


def _share(progress: object) -> dict[str, float] | None:
    if is_array(progress) and len(progress) == _DONE_AND_TOTAL:
        done, total = progress
        if is_number(done) and is_number(total):
            return {"done": done, "total": total}
    _leave_out("progress", progress, "two numbers, done and total")
    return None


def _leave_out(what: str, value: object, expected: str) -> None:
    import logging

    text = "a notification's %s must be %s, not %s: left out"
    logging.getLogger("bgsvc").warning(text, what, expected, safe_repr(value))
