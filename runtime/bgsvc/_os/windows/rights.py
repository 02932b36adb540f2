"""An installed service, open for as long as a `with` lasts; a refusal becomes a typed error."""

from __future__ import annotations

from bgsvc._os.program import command_line
from bgsvc._os.windows.scm import Refusal, manager, opened, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bgsvc._os.windows.scm import Handle


class Typed:
    """Turns a refusal within its `with` into the error a caller sees.

    Args:
        label: The service.
        verb: What is done to it, as the command line has it.
        word: What is named on the command line; the label as a rule.
    """

    def __init__(self, label: str, verb: str, word: str = "") -> None:
        self._label = label
        self._command = command_line(verb, word or label, "--scope", "system")

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, Refusal):
            raise typed(error, self._label, self._command) from error


class Opened:
    """An open service whose refusals are typed errors."""

    def __init__(self, api: Any, label: str, verb: str, rights: int) -> None:
        self._typed = Typed(label, verb)
        self._api = api
        self._label = label
        self._rights = rights
        self._handles: list[Handle] = []

    def __enter__(self) -> Handle:
        with self._typed:
            try:
                self._handles.append(manager(self._api))
                self._handles.append(opened(self._handles[0], self._label, self._rights))
            except Refusal:
                self._close()
                raise
        return self._handles[-1]

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._close()
        self._typed.__exit__(kind, error, traceback)

    def _close(self) -> None:
        while self._handles:
            handle = self._handles.pop()
            handle.api.CloseServiceHandle(handle.value)
