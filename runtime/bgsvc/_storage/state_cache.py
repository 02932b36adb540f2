"""One service's memory: the state file, and what holds while the disk will not take it."""

from __future__ import annotations

from bgsvc._lite.dataclasses import replace
from bgsvc._model.enums import StartReason
from bgsvc._model.errors import BackgroundServiceError
from bgsvc._model.snapshot import HISTORY, RunRecord, ServiceSnapshot, merge_snapshots
from bgsvc._storage.state_file import with_lost_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    class StateStore(Protocol):
        """Where the state is kept."""

        def load(self) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
            """Return what is kept, and the problem if it could not be read."""
            ...

        def update(
            self, change: Callable[[ServiceSnapshot], ServiceSnapshot]
        ) -> tuple[ServiceSnapshot, BackgroundServiceError | None]:
            """Replace what is kept; return it, and the problem if it could not be read."""
            ...


class StateCache:
    """What a service's runs and its users' wishes come to, kept and remembered.

    What this process knows outlives the file: where the disk has lost it or would not take it,
    the next write that succeeds brings it there again.

    Attributes:
        problem: What was last wrong with the file; None again once a run begins without trouble.
    """

    def __init__(
        self, state_file: StateStore, report: Callable[[BackgroundServiceError], None] | None = None
    ) -> None:
        """Remember nothing yet; `report` is told of all trouble with the file."""
        self.problem: BackgroundServiceError | None = None
        self._state_file = state_file
        self._report = report
        self._saved: ServiceSnapshot | None = None
        self._ahead = False  # of the disk, which would not take the last change

    @property
    def saved(self) -> ServiceSnapshot:
        """What is known, read from disk on first use."""
        return self.reread() if self._saved is None else self._saved

    def reread(self) -> ServiceSnapshot:
        """Return what is known now; another process may have asked for something."""
        known = self._saved
        try:
            stored, problem = self._state_file.load()
        except OSError as error:
            stored = ServiceSnapshot() if known is None else known
            problem = BackgroundServiceError(str(error), code="stateUnreadable")
        self._saved = saved = self._with_known(stored)
        if problem is not None and str(problem) != str(self.problem):  # else it was told
            self._tell(problem)
        return saved

    def begin(
        self, reason: StartReason, now: float, config: Mapping[str, object]
    ) -> tuple[int, BackgroundServiceError | None]:
        """Note that a run begins, wanted if somebody asked; return its number, any trouble.

        The number is above all that the disk or this process has ever heard of.

        It is not wanted if another process asked for a stop since this one last looked, or
        before a mere restart; whoever starts the run then finds the request and obeys it.
        """
        known = None if reason is StartReason.RESTART else self.saved.stop_request

        def change(saved: ServiceSnapshot) -> ServiceSnapshot:
            saved = with_lost_run(saved)
            number = saved.run + 1
            asked = saved.stop_request if saved.stop_request is not known else None
            first = saved.desired_running is None  # nobody has ever said otherwise
            asks = asked is None and (first or reason.sets_desired_state)
            is_desired = True if asks else saved.desired_running
            return replace(
                saved,
                desired_running=is_desired,
                since=saved.since if saved.desired_running is is_desired else now,
                run=number,
                current=(number, reason, now),
                restart_due=None,
                config=config,
                stop_request=asked,
                history=saved.history[-HISTORY:],
            )

        trouble = self._change(change)
        before, self.problem = self.problem, trouble
        return self.saved.run, trouble or before

    def end(
        self, entry: RunRecord, now: float, *, desired: bool | None, due: float | None = None
    ) -> None:
        """Note how a run ended, what is wanted if that changes with it, when the next is due."""

        def change(saved: ServiceSnapshot) -> ServiceSnapshot:
            history = (*saved.history, entry)[-HISTORY:]
            ended = replace(saved, current=None, restart_due=due, history=history)
            return _with_desired_state(ended, desired, now)

        self._change(change)

    def call_off(self) -> None:
        """Note that no run is due any more."""
        if self.saved.restart_due is not None:
            self._change(lambda saved: replace(saved, restart_due=None))

    def set_desired_state(self, running: bool, now: float) -> None:  # noqa: FBT001 - a value
        """Note what is wanted from now on."""
        self._change(lambda saved: _with_desired_state(saved, running, now))

    def _change(
        self, change: Callable[[ServiceSnapshot], ServiceSnapshot]
    ) -> BackgroundServiceError | None:
        problem: BackgroundServiceError | None
        try:
            self._saved, problem = self._state_file.update(
                lambda stored: change(self._with_known(stored))
            )
            self._ahead = False
        except BackgroundServiceError as error:
            self._saved, problem = change(self.saved), error
            self._ahead = True
        if problem is not None:
            self._tell(problem)
        return problem

    def _with_known(self, stored: ServiceSnapshot) -> ServiceSnapshot:
        """Return what was found on disk, and what this process knows that is lost there."""
        known = self._saved
        if known is None or not (
            self._ahead or stored.run < known.run or stored == ServiceSnapshot()
        ):
            return stored
        return merge_snapshots(stored, known)

    def _tell(self, problem: BackgroundServiceError) -> None:
        self.problem = problem
        if self._report is not None:
            self._report(problem)


def _with_desired_state(
    saved: ServiceSnapshot,
    running: bool | None,  # noqa: FBT001 - a value
    now: float,
) -> ServiceSnapshot:
    if running is None or running == saved.desired_running:
        return saved
    return replace(saved, desired_running=running, since=now)
