"""The host on a desktop system: the process itself."""

from __future__ import annotations

import os
import sys
import threading

from bgsvc._events.bus import Bus
from bgsvc._model.config import validate_name
from bgsvc._model.errors import NotSupportedError
from bgsvc._ports.host import Host
from bgsvc._ports.streams import flush_or_drop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from bgsvc._desktop.notifications import DesktopPresenter
    from bgsvc._ports.host import NotificationReply


FLUSH_WITHIN = 0.5
"""Seconds a process that is ended has to write out what it printed."""


class LocalHost(Host):
    """A process of its own, or a part of a desktop app.

    Attributes:
        app: The app's id.
        bus: Where this host's own events go.
    """

    def __init__(
        self,
        *,
        app: str | None = None,
        mode: str = "desktopInProcess",
        owns_process: bool = False,
    ) -> None:
        self.app = validate_name(app or "bgsvc")
        self.platform = platform_name()
        self.mode = mode
        self.owns_process = owns_process
        self.bus = Bus()
        self._presenter: DesktopPresenter | None = None

    def notify(self, message: Mapping[str, object], reply: NotificationReply) -> None:
        """Show the notification with the desktop's means.

        Raises:
            NotSupportedError: If the library for it is not installed.
        """
        if self._presenter is None:
            try:
                from bgsvc._desktop.notifications import DesktopPresenter

                self._presenter = DesktopPresenter(self.app)
            except ImportError as error:
                text = "no desktop-notifier library is installed"
                raise NotSupportedError(text, fix="pip install bgsvc[notify]") from error
        self._presenter.present(message, reply)

    def end_process(self, status: int) -> None:
        """End the process at once: no cleaning up, for something in it will not let go."""
        flushing = threading.Thread(target=flush_or_drop, daemon=True)
        try:
            flushing.start()
            flushing.join(FLUSH_WITHIN)  # for ever, where nobody reads
        finally:
            os._exit(status)


def platform_name() -> str:
    """Return this system's name as the capability table has it."""
    names = {"win32": "windows", "darwin": "macos", "linux": "linux"}
    return names.get(sys.platform, sys.platform)
