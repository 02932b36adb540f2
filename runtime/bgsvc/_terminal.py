"""Events as a person, or a program, reads them in a terminal."""

from __future__ import annotations

import sys
import time

from bgsvc._json import encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from bgsvc._events import Event


def print_event(event: Event, stream: TextIO | None = None) -> None:
    """Print an event for people: time, service, run, name, and what it carries."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.time))
    parts = "  ".join(f"{key}={_short(value)}" for key, value in event.data.items())
    line = f"{clock}  {event.service} #{event.run}  {event.event:<14}  {parts}".rstrip()
    _put(line, stream or sys.stdout)


def print_event_json(event: Event, stream: TextIO | None = None) -> None:
    """Print an event for programs: one JSON object on one line."""
    _put(encode(event.to_wire()), stream or sys.stdout)


def _short(value: object) -> str:
    text = str(value)
    return repr(text) if not text or " " in text else text


def _put(line: str, stream: TextIO) -> None:
    try:
        stream.write(f"{line}\n")  # in one piece: other threads may print too
        stream.flush()
    except (BrokenPipeError, ValueError):
        return  # nobody reads any more; the service goes on
