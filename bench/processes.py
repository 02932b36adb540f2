"""Service processes that the benchmarks start and time."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SERVICE = """\
from bgsvc import BackgroundService
class PlainService(BackgroundService):
    def run(self, ctx):
        while not ctx.shutdown.wait(60):
            pass
"""
READY_TIMEOUT_S = 30


def seconds_to_ready(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """Start a service in `folder` and end it; return the seconds from exec to READY=1."""
    path = folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(path))
        receiver.settimeout(READY_TIMEOUT_S)
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, "NOTIFY_SOCKET": str(path)},
            stdout=subprocess.DEVNULL,
        )
        notification = receiver.recv(100)
        seconds = time.perf_counter() - began
        process.terminate()
        process.wait()
    path.unlink()
    if not notification.startswith(b"READY=1"):
        raise RuntimeError(notification)
    return seconds
