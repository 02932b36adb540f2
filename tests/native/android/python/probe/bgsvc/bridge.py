"""Stands in for the runtime: a bridge that does what each message of the C test says."""

import signal
import sqlite3
import sys
import threading
from collections.abc import Callable

_send: list[Callable[[object], object]] = []


def attach(send: Callable[[object], object]) -> None:
    _send[:] = [send]


def receive(text: str) -> object:
    word, _, rest = text.partition(" ")
    return _ANSWERS[word](rest)


def _raise(rest: str) -> object:
    raise ValueError(rest)


def _catch(message: object) -> object:
    try:
        return _send[0](message)
    except (RuntimeError, TypeError) as error:
        return str(error)


def _send_from_threads(rest: str) -> str:
    threads = [threading.Thread(target=_send[0], args=(str(n),)) for n in range(int(rest))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ""


def _send_one(rest: str) -> str:
    _send[0](rest)
    return ""


def _settings(_: str) -> str:
    words = [
        "isolated" if sys.flags.isolated else "open",
        "utf8" if sys.flags.utf8_mode else "locale",
        "signals" if signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN else "no-signals",
    ]
    return " ".join(words)


def _sqlite(statement: str) -> str:
    return str(sqlite3.connect(":memory:").execute(statement).fetchone()[0])


_ANSWERS: dict[str, Callable[[str], object]] = {
    "catch": _catch,
    "echo": str,
    "number": lambda _: 7,
    "raise": _raise,
    "send": _send_one,
    "send-from-threads": _send_from_threads,
    "send-number": lambda _: _catch(7),
    "settings": _settings,
    "sqlite": _sqlite,
}
