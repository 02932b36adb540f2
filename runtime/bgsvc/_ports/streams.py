"""The standard streams of a process, which may be closed, full or nobody's to read."""

from __future__ import annotations

import os
import sys


def print_line(line: str) -> None:
    """Print a line on the standard error output; do nothing where there is none."""
    try:
        if sys.stderr is not None:
            print(line, file=sys.stderr)  # noqa: T201 - the product
    except (OSError, ValueError):
        return


def flush_or_drop() -> None:
    """Write out what is printed; drop it where that cannot be, so that the exit is not about it."""
    for stream, number in ((sys.stdout, 1), (sys.stderr, 2)):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)
            except OSError:
                continue
