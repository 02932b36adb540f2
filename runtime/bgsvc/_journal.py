"""One service's memory: the state file, and what holds while the disk will not take it."""

from __future__ import annotations

from bgsvc._errors import BackgroundServiceError
from bgsvc._record import replaced
from bgsvc._state import HISTORY, RunRecord, Saved
from bgsvc._store import with_lost_run
from bgsvc._words import StartReason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    class Keeper(Protocol):
        """Where the state is kept."""

        def load(self) -> tuple[Saved, BackgroundServiceError | None]:
            """Return what is kept, and the problem if it could not be read."""
            ...

        def update(self, change: Callable[[Saved], Saved]) -> Saved:
            """Replace what is kept."""
            ...


class Journal:
    """What a service's runs and its users' wishes come to, kept and remembered."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._saved: Saved | None = None
        self._problem: BackgroundServiceError | None = None

    @property
    def saved(self) -> Saved:
        """What is known, read from disk on first use."""
        if self._saved is None:
            try:
                self._saved, self._problem = self._keeper.load()
            except OSError as error:
                self._saved = Saved()
                self._problem = BackgroundServiceError(str(error), code="stateUnreadable")
        return self._saved

    def take_problem(self) -> BackgroundServiceError | None:
        """Return what was wrong with the file when it was read, once."""
        _ = self.saved
        problem, self._problem = self._problem, None
        return problem

    def reread(self) -> Saved:
        """Return what is on disk now; another process may have asked for something."""
        self._saved = None
        return self.saved

    def begin(
        self, reason: StartReason, now: float, config: Mapping[str, object]
    ) -> tuple[int, BackgroundServiceError | None]:
        """Note that a run begins and that it is wanted; return its number, and any trouble.

        It is not wanted if another process asked for a stop since this one last looked, or
        before a mere restart; whoever starts the run then finds the request and obeys it.
        """
        known = None if reason is StartReason.RESTART else self.saved.stop_request

        def change(saved: Saved) -> Saved:
            saved = with_lost_run(saved)
            number = saved.run + 1
            asked = saved.stop_request if saved.stop_request is not known else None
            wanted = asked is None
            return replaced(
                saved,
                desired_running=wanted,
                since=saved.since if saved.desired_running is wanted else now,
                run=number,
                current=(number, reason, now),
                restart_due=None,
                config=config,
                stop_request=asked,
                history=saved.history[-HISTORY:],
            )

        trouble = self._change(change)
        return self.saved.run, trouble

    def end(
        self, entry: RunRecord, now: float, *, desired: bool | None, due: float | None = None
    ) -> BackgroundServiceError | None:
        """Note how a run ended, what is wanted if that changes with it, when the next is due."""

        def change(saved: Saved) -> Saved:
            history = (*saved.history, entry)[-HISTORY:]
            ended = replaced(saved, current=None, restart_due=due, history=history)
            return _wishing(ended, desired, now)

        return self._change(change)

    def wish(self, running: bool, now: float) -> BackgroundServiceError | None:  # noqa: FBT001 - a value
        """Note what is wanted from now on."""
        return self._change(lambda saved: _wishing(saved, running, now))

    def _change(self, change: Callable[[Saved], Saved]) -> BackgroundServiceError | None:
        try:
            self._saved = self._keeper.update(change)
        except BackgroundServiceError as error:
            self._saved = change(self.saved)
            return error
        return None


def _wishing(saved: Saved, running: bool | None, now: float) -> Saved:  # noqa: FBT001 - a value
    if running is None or running == saved.desired_running:
        return saved
    return replaced(saved, desired_running=running, since=now)
