"""Events as a person, or a program, reads them in a terminal."""

from __future__ import annotations

import sys
import time

from bgsvc._lite.json import encode, safe_repr
from bgsvc._ports.streams import print_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from bgsvc._model.errors import BackgroundServiceError
    from bgsvc._model.event import Event


def print_event(event: Event, stream: TextIO | None = None) -> None:
    """Print an event for people: time, service, run, name, and what it carries."""
    clock = time.strftime("%H:%M:%S", time.localtime(event.time))
    _put(f"{clock}  {event_text(event)}", stream or sys.stdout)


def event_text(event: Event) -> str:
    """Return an event as one line: service, run, name, and what it carries."""
    parts = "  ".join(f"{_short(key)}={_short(value)}" for key, value in event.data.items())
    return f"{event.service} #{event.run}  {_short(event.event):<14}  {parts}".rstrip()


def print_event_json(event: Event, stream: TextIO | None = None) -> None:
    """Print an event for programs: one JSON object on one line."""
    _put(encode(event.to_wire()), stream or sys.stdout)


_failure_reported: list[bool] = []


def _short(value: object) -> str:
    text = safe_repr(value, str)
    return repr(text) if not text or " " in text or not text.isprintable() else text


def _put(line: str, stream: TextIO | None) -> None:
    if stream is None:
        return  # there is nowhere to print
    try:
        try:
            stream.write(f"{line}\n")  # in one piece: other threads may print too
        except UnicodeEncodeError as error:
            stream.write(line.encode(error.encoding, "backslashreplace").decode(error.encoding))
            stream.write("\n")
        stream.flush()
    except BrokenPipeError:
        return  # nobody reads any more; the service goes on
    except (OSError, ValueError) as error:
        if not _failure_reported:
            _failure_reported.append(True)
            print_line(f"bgsvc: events cannot be printed: {error}")


def print_error(error: BackgroundServiceError) -> None:
    """Print an error and its fix on the standard error output."""
    print_line(f"bgsvc: {error.code}: {error.message}")
    if error.fix:
        print_line(f"  fix: {error.fix}")
