"""Mistakes that such code has had before: with each of them, a scenario has to fail."""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from tests.native.ios.scenarios import Driver, build_mutant, others_of, write_app
from tests.native.ios.swift import THREADS, Build, Variant

pytestmark = pytest.mark.native

TIMEOUT_S: Final = "5"
"""How long a mutant's scenario waits for a condition, in seconds."""


@dataclass(frozen=True)
class Mutant:
    """A mistake, and the scenario that fails with it."""

    source: str
    right: str
    wrong: str
    scenario: str

    def apply(self, text: str) -> str:
        assert text.count(self.right) == 1, self.right
        return text.replace(self.right, self.wrong)


REGISTER: Final = (
    "    BGTaskScheduler.shared.register(forTaskWithIdentifier: task.identifier, using: queue) {\n"
    "      @Sendable [self] granted in openWindow(of: task, granted)\n"
    "    }\n"
)
ON_THE_MAIN_ACTOR: Final = (
    "    MainActor.assumeIsolated {\n"
    "      BGTaskScheduler.shared.register(\n"
    "        forTaskWithIdentifier: task.identifier, using: queue\n"
    "      ) { [self] granted in openWindow(of: task, granted) }\n"
    "    }\n"
)
"""How a main-actor context would compile it without `@Sendable`."""

MUTANTS: Final = {
    "Python's lock is held while waiting": Mutant(
        "BgsvcInterpreter.swift",
        "    PyEval_SaveThread()\n",
        "",
        "a second Python thread works while the bridge waits for its next request",
    ),
    "a window is completed twice": Mutant(
        "BgsvcWindow.swift",
        "      state = .closed(outcome)\n",
        "",
        "an expired window stops its service and completes once, as failed",
    ),
    "the next window is not requested": Mutant(
        "BgsvcScheduler.swift",
        "    if task.isPeriodic {\n",
        "    if !task.isPeriodic {\n",
        "the next window is requested before Python starts",
    ),
    "signals keep their default action": Mutant(
        "BgsvcInterpreter.swift",
        "install_signal_handlers = 1",
        "install_signal_handlers = 0",
        "a write to a closed pipe raises in Python, and does not end the app",
    ),
    "a timer waits for Python": Mutant(
        "BgsvcScheduler.swift",
        "    clock.after(Self.stopGraceSeconds, on: timers)",
        "    clock.after(Self.stopGraceSeconds, on: calls)",
        "a Python that hangs with its lock keeps no window open",
    ),
    "time that iOS took back early is kept": Mutant(
        "BgsvcBackgroundTime.swift",
        "      if isLate { onEnd(identifier) }\n",
        "      _ = isLate\n",
        "a background task that expires before iOS returns its identifier is ended",
    ),
    "a second registration registers again": Mutant(
        "BgsvcScheduler.swift",
        "    guard isFirst else { return nil }\n",
        "    guard isFirst else { return [] }\n",
        "a second registration does nothing",
    ),
    "a handler belongs to the main actor": Mutant(
        "BgsvcScheduler.swift",
        REGISTER,
        ON_THE_MAIN_ACTOR,
        "an app that registers on its main actor gets its window",
    ),
}


@pytest.fixture(scope="module")
def outcomes(
    drivers: Mapping[Variant, Driver], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, tuple[int, str]]:
    """The exit code of each mutant's scenario, and its output."""
    original = drivers[THREADS].build

    def build_and_run(mutant: Mutant) -> tuple[int, str]:
        folder = tmp_path_factory.mktemp("mutant")
        app = write_app(folder, {mutant.source: mutant.apply})
        build = replace(original, folder=folder)
        diagnostics = build_mutant(original, build, app, mutant.source)
        if diagnostics:
            return 0, diagnostics
        try:
            run = Driver(build, app, TIMEOUT_S).run(mutant.scenario, folder / "home")
        except subprocess.TimeoutExpired:
            return -1, "it did not end in time"
        return run.returncode, run.stdout + run.stderr

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(MUTANTS, pool.map(build_and_run, MUTANTS.values()), strict=True))


@pytest.mark.parametrize("mistake", MUTANTS)
def test_mistake_makes_its_scenario_fail(
    outcomes: Mapping[str, tuple[int, str]], mistake: str
) -> None:
    code, diagnostics = outcomes[mistake]

    assert code != 0, diagnostics


def test_callback_without_sendable_does_not_compile(
    builds: Mapping[Variant, Build], tmp_path: Path
) -> None:
    mutant = Mutant(
        "BgsvcPython.swift",
        "_ onMessage: @escaping @Sendable (_ message: String) -> Void) {\n    Outbox",
        "_ onMessage: @escaping (_ message: String) -> Void) {\n    Outbox",
        "",
    )
    app = write_app(tmp_path, {mutant.source: mutant.apply})

    source = app / "Bgsvc" / mutant.source
    diagnostics = builds[THREADS].check("Mutant", source, others_of(source))

    assert "non-sendable" in diagnostics.lower() or "@Sendable" in diagnostics, diagnostics
