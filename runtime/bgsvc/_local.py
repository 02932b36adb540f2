"""The host on a desktop system: the process itself."""

from __future__ import annotations

import os
import sys

from bgsvc._events import Bus
from bgsvc._host import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping



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
        self.app = app or "bgsvc"
        self.platform = platform_name()
        self.mode = mode
        self.owns_process = owns_process
        self.bus = Bus()

    def notify(self, message: Mapping[str, object], on_action: Callable[[str], None]) -> None:
        """Show the notification with the desktop's means."""
        del on_action
        import logging

        logging.getLogger("bgsvc").info(
            "notification from %s: %s %s", message["service"], message["op"], message.get("title")
        )

    def end_process(self, status: int) -> None:
        """End the process at once: no cleaning up, for something in it will not let go."""
        sys.stdout.flush()
        os._exit(status)


def platform_name() -> str:
    """Return this system's name as the capability table has it."""
    names = {"win32": "windows", "darwin": "macos", "linux": "linux"}
    return names.get(sys.platform, sys.platform)

