"""Every cell of the table of states and events, against the real life cycle and docs/lifecycle.md.

Each state is entered, and each event happens, through the methods that the runtime calls.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from bgsvc import BackgroundService, RestartOn, RestartPolicy, StartReason, StopReason
from bgsvc._engine.lifecycle import Lifecycle
from bgsvc._engine.lifecycle_states import (
    PUBLIC_STATES,
    TRANSITIONS,
    LifecycleEvent,
    LifecycleState,
    StateKind,
)
from bgsvc._engine.run import Run
from bgsvc._model.errors import BackgroundServiceError
from bgsvc._ports.clock import Timer
from bgsvc.testing import FakeHost

DOCUMENT: Final = Path(__file__).parents[3] / "docs/lifecycle.md"
STOP_TIMEOUT_S: Final = 10.0
RESTART_DELAY_S: Final = 60.0
REASON: Final = StopReason.PROCESS_EXIT

Case = tuple[StateKind, LifecycleEvent]
Expected = tuple[str, list[str]]

CASES: Final = [(kind, event) for kind in StateKind for event in LifecycleEvent]


def id_of(case: Case) -> str:
    return "-".join(case)


class Service:
    """A real life cycle whose run has no thread: the test reports what a run would."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host
        self.ports = host.runtime.ports
        self.life = Lifecycle("s", self.ports)
        self.run: Run = self.new_run()
        self.timer = Timer(0.0, lambda: None)

    def new_run(self) -> Run:
        return Run(StartReason.USER, BackgroundService, self.ports.clock, STOP_TIMEOUT_S)

    def restart_always(self) -> None:
        policy = RestartPolicy(on=RestartOn.ALWAYS, delay=RESTART_DELAY_S)
        self.life.plan_restarts(policy, lambda: None)

    def accept(self) -> None:
        self.run = self.new_run()
        self.run.number, _ = self.life.recorder.begin(StartReason.REPLAY, {})
        self.life.accept_start(self.run)

    def start(self) -> None:
        self.life.request_start(is_restart=False)
        self.accept()

    def enter(self, kind: StateKind) -> None:
        """Bring the life cycle into a state, and forget the events on the way there."""
        for step in STEPS[kind]:
            step(self)
        assert self.life.current.kind is kind
        self.run = self.life.run or self.run
        self.timer = self.life.current.restart_timer or self.timer

    def names(self) -> list[str]:
        return [event.event for event in self.host.events()]


def initialize(service: Service) -> None:
    service.start()


def run(service: Service) -> None:
    service.life.run_started(service.run)


def close(service: Service) -> None:
    service.life.run_closing(service.run)


def stop(service: Service) -> None:
    service.life.request_stop(REASON)


def exceed_stop_timeout(service: Service) -> None:
    service.host.advance(STOP_TIMEOUT_S)


def end(service: Service) -> None:
    service.life.run_ended(service.run)


def end_and_restart(service: Service) -> None:
    service.restart_always()
    service.life.run_ended(service.run)


STEPS: Final[dict[StateKind, list[Callable[[Service], object]]]] = {
    StateKind.IDLE: [],
    StateKind.INITIALIZING: [initialize],
    StateKind.RUNNING: [initialize, run],
    StateKind.FINISHING: [initialize, run, close],
    StateKind.STOPPING: [initialize, run, stop],
    StateKind.FINISHING_OVERDUE: [initialize, run, close, exceed_stop_timeout],
    StateKind.STOPPING_OVERDUE: [initialize, run, stop, exceed_stop_timeout],
    StateKind.RESTART_DUE: [initialize, end_and_restart],
    StateKind.STOPPED: [initialize, end],
}


def request_start(service: Service) -> None:
    service.life.request_start(is_restart=False)


def accept_start(service: Service) -> None:
    service.life.accept_start(service.new_run())


EVENTS: Final[dict[LifecycleEvent, Callable[[Service], object]]] = {
    LifecycleEvent.START_REQUESTED: request_start,
    LifecycleEvent.START_ACCEPTED: accept_start,
    LifecycleEvent.INIT_RETURNED: run,
    LifecycleEvent.STOP_REQUESTED: stop,
    LifecycleEvent.RUN_CLOSING: close,
    LifecycleEvent.STOP_OVERDUE: lambda service: service.life.stop_overdue(service.run, 1.0),
    LifecycleEvent.RUN_ENDED: end,
    LifecycleEvent.RUN_ENDED_RESTART: end_and_restart,
    LifecycleEvent.FORCED_END: lambda service: service.life.force_end(service.run),
    LifecycleEvent.RESTART_TIMER_FIRED: lambda service: service.life.restart_timer_fired(
        service.timer
    ),
    LifecycleEvent.ABANDONED: lambda service: service.life.abandon(),
}


@pytest.fixture
def service() -> Iterator[Service]:
    with FakeHost() as host:
        yield Service(host)


def table_of_code(case: Case) -> str:
    """Return the cell of `TRANSITIONS` as the document writes it."""
    target = TRANSITIONS[case[0]].get(case[1])
    if target is None:
        return ""
    return str(target) if isinstance(target, StateKind) else target.__name__


def tables_of_document() -> dict[str, list[list[str]]]:
    """Return the document's tables by the heading they stand under, without their header."""
    tables: dict[str, list[list[str]]] = {}
    heading = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.strip("# ")
        elif line.startswith("|") and not line.startswith("|---"):
            cells = [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
            tables.setdefault(heading, []).append(cells)
    return {name: rows[1:] for name, rows in tables.items()}


def table_of_document() -> dict[Case, Expected]:
    """Return each documented cell: the next state or error, and the events that are emitted."""
    cells: dict[Case, Expected] = {}
    for state, event, result, emitted in tables_of_document()["Transitions"]:
        events = [] if emitted == "" else emitted.split(", ")
        cells[StateKind(state), LifecycleEvent(event)] = result, events
    return cells


DOCUMENTED: Final = table_of_document()


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_life_cycle_does_what_the_document_says(case: Case, service: Service) -> None:
    kind, event = case
    result, emitted = DOCUMENTED.get(case, ("", []))
    service.enter(kind)
    before, earlier = service.life.current, service.names()
    error = ""
    try:
        EVENTS[event](service)
    except BackgroundServiceError as refusal:
        error = type(refusal).__name__
    after = service.life.current

    if result.endswith("Error"):
        assert (error, after) == (result, before)
    elif result:
        assert (error, str(after.kind)) == ("", result)
    else:
        assert (error, after) == ("", before)
    assert service.names()[len(earlier) :] == emitted


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_transition_is_documented(case: Case) -> None:
    assert DOCUMENTED.get(case, ("", []))[0] == table_of_code(case)


def test_document_lists_every_state_with_what_users_see_and_every_event() -> None:
    tables = tables_of_document()

    assert {row[0]: row[1] for row in tables["States"]} == {
        str(kind): str(public) for kind, public in PUBLIC_STATES.items()
    }
    assert [row[0] for row in tables["Events"]] == [str(event) for event in LifecycleEvent]


def test_diagram_draws_every_transition_to_another_state_and_no_other() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    drawn = {
        (source, event, target)
        for source, target, events in re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
        for event in events.split(", ")
    }
    coded = {
        (str(kind), str(event), str(target))
        for kind, cells in TRANSITIONS.items()
        for event, target in cells.items()
        if isinstance(target, StateKind) and target is not kind
        if event is not LifecycleEvent.ABANDONED  # from everywhere to Idle
    }

    assert drawn == coded


@pytest.mark.parametrize("kind", [kind for kind in StateKind if STEPS[kind]])
def test_run_and_its_events_belong_to_the_states_that_have_one(
    kind: StateKind, service: Service
) -> None:
    service.enter(kind)
    state = service.life.current
    has_run = kind not in {StateKind.RESTART_DUE, StateKind.STOPPED}

    assert (state.run is not None) is has_run
    assert (state.restart_timer is not None) is (kind is StateKind.RESTART_DUE)
    assert (state.stop_reason is REASON) is (kind.name.startswith("STOPPING"))


@pytest.mark.parametrize("kind", [kind for kind in StateKind if STEPS[kind]])
@pytest.mark.parametrize("event", ["INIT_RETURNED", "RUN_CLOSING", "STOP_OVERDUE", "RUN_ENDED"])
def test_event_of_an_earlier_run_is_ignored(kind: StateKind, event: str, service: Service) -> None:
    service.enter(kind)
    before, earlier = service.life.current, service.names()
    service.run = service.new_run()
    EVENTS[LifecycleEvent[event]](service)

    assert service.life.current is before
    assert service.names() == earlier


def test_first_stop_reason_is_kept(service: Service) -> None:
    service.enter(StateKind.STOPPING)
    service.life.request_stop(StopReason.USER_STOP)

    assert service.life.current.stop_reason is REASON


def test_restart_that_is_called_off_does_not_fire(service: Service) -> None:
    service.enter(StateKind.RESTART_DUE)
    service.life.request_stop(REASON)

    assert service.timer.cancelled
    assert not service.life.restart_timer_fired(service.timer)


def test_stop_of_a_stopped_service_is_accepted_where_it_is_desired(service: Service) -> None:
    service.life.recorder.set_desired_state(running=True)
    service.life.request_stop(StopReason.USER_STOP)

    assert service.life.recorder.desired_running is False
    assert service.life.current == LifecycleState(StateKind.IDLE)
