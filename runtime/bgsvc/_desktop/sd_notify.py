"""Telling systemd how we are doing; silent where nobody asked."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def notify(*lines: str) -> bool:
    """Send `READY=1` and the like to whoever started us; False if nobody listens."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return False
    # `socket` spends more time on its enums than all of our start-up; its C half does as well
    socket: Any = __import__("_socket")
    address = f"\0{path[1:]}" if path.startswith("@") else path
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        channel.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    finally:
        channel.close()
    return True


def extension(seconds: float) -> str:
    """Return the line that asks for `seconds` more, from now, to start or to stop."""
    return f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}"


def is_us(process: str) -> bool:
    """Return whether a process that systemd started is this one.

    A bundled app (PyInstaller, AppImage) unpacks itself and runs Python as a child.
    """
    if process == str(os.getpid()):
        return True
    bundled = getattr(sys, "frozen", False) or "APPIMAGE" in os.environ
    return bool(bundled) and process == str(os.getppid())


def watchdog_interval() -> float | None:
    """Return how often, in seconds, systemd wants to hear of us; None if it does not."""
    text = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not text.isdigit() or int(text) == 0 or not is_us(meant):
        return None
    return int(text) / 1_000_000 / 2
