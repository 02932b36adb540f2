"""Stands in for the runtime: a bridge that sends a number of messages from a number of threads."""

import threading
from collections.abc import Callable

_send: list[Callable[[str], None]] = []


def attach(send: Callable[[str], None]) -> None:
    """Store the function that sends to the host."""
    _send[:] = [send]


def receive(text: str) -> str:
    """Send a message so many times from each of so many threads: "3 8" is 24 messages."""
    times, _, threads = text.partition(" ")
    if not threads:
        return text
    workers = [threading.Thread(target=_repeat, args=(int(times),)) for _ in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return ""


def _repeat(times: int) -> None:
    for number in range(times):
        _send[0](str(number))
