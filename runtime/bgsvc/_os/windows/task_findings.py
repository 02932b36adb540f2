"""What is wrong with an installed task of the Task Scheduler."""

from __future__ import annotations

import os

from bgsvc._model.platform_reports import SetupIssue
from bgsvc._os.errors import DefinitionError
from bgsvc._os.origin_note import noted
from bgsvc._os.windows.definition import read_task
from bgsvc._os.windows.schtasks import copy_of, decoded, task_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def findings(label: str, *, registered: bool) -> Iterator[SetupIssue]:
    """Yield what is wrong with an installed task."""
    again = "install it again, with the Python that is to run it"
    if not registered:
        text = f"the Task Scheduler has no {task_name(label)} any more"
        fix = "install it again, or uninstall it"
        yield SetupIssue("task_missing", "error", text, fix)
    content = read_bytes(copy_of(label))
    if content is None:
        text = f"{copy_of(label)}, from which it was registered, is gone"
        yield SetupIssue("definition_missing", "warning", text, again)
        return
    try:
        program = read_task(copy_of(label)).program
    except DefinitionError as error:
        yield SetupIssue("definition_unreadable", "error", error.message, again)
        return
    if program and not os.path.isfile(program[0]):
        yield SetupIssue("interpreter_missing", "error", f"{program[0]} is gone", again)
    origin = noted(decoded(content))
    if origin is not None and origin.changed():
        text = f"{origin.path} is no longer what was installed"
        yield SetupIssue("unit_differs", "warning", text, f"python -m bgsvc install {origin.path}")


def read_bytes(path: str) -> bytes | None:
    """Return what a file holds; None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
