"""Mistakes that were made in such code before, each made on purpose: a test has to turn red."""

import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from tests.native.ios.swift import THREADS, Build, Variant
from tests.native.ios.trials import Driver, build_mutant, others_of, write_app

pytestmark = pytest.mark.native

PATIENCE: Final = "5"
"""Seconds that a mutant is waited for."""


@dataclass(frozen=True)
class Mutant:
    """A mistake, and the scenario that shows it."""

    source: str
    right: str
    wrong: str
    scenario: str

    def apply(self, text: str) -> str:
        assert text.count(self.right) == 1, self.right
        return text.replace(self.right, self.wrong)


REGISTER: Final = (
    "    BGTaskScheduler.shared.register(forTaskWithIdentifier: task.identifier, using: queue) {\n"
    "      @Sendable [self] granted in open(task, granted)\n"
    "    }\n"
)
ON_THE_MAIN_ACTOR: Final = (
    "    MainActor.assumeIsolated {\n"
    "      BGTaskScheduler.shared.register(\n"
    "        forTaskWithIdentifier: task.identifier, using: queue\n"
    "      ) { [self] granted in open(task, granted) }\n"
    "    }\n"
)
"""What a main-actor context makes of it; the mark alone keeps the closure out of that."""

MUTANTS: Final = {
    "the lock of Python is held while waiting": Mutant(
        "BgsvcInterpreter.swift",
        "    PyEval_SaveThread()\n",
        "",
        "a second Python thread works while the bridge waits for its next request",
    ),
    "a window is completed twice": Mutant(
        "BgsvcWindow.swift",
        "      granted = nil\n",
        "",
        "an expired window stops its service and is completed as failed, once",
    ),
    "the next window is not asked for": Mutant(
        "BgsvcScheduler.swift",
        "    if task.isPeriodic {\n",
        "    if !task.isPeriodic {\n",
        "the next window is asked for before Python is",
    ),
    "signals keep their default action": Mutant(
        "BgsvcInterpreter.swift",
        "install_signal_handlers = 1",
        "install_signal_handlers = 0",
        "a write to a peer that hung up is an error in Python, and no end of the app",
    ),
    "a timer waits for Python": Mutant(
        "BgsvcScheduler.swift",
        "    clock.after(Self.grace, on: timers)",
        "    clock.after(Self.grace, on: calls)",
        "a Python that lets nobody else work keeps no window open",
    ),
    "time that was wanted back early is kept": Mutant(
        "BgsvcBackgroundTime.swift",
        "      if lock.withLock({ isOver }) { end() }\n",
        "",
        "time that iOS wants back before it is named is given back",
    ),
    "a second registration is one": Mutant(
        "BgsvcScheduler.swift",
        "    guard isFirst else { return nil }\n",
        "    guard isFirst else { return [] }\n",
        "a second registration does nothing, for iOS ends an app that registers twice",
    ),
    "a handler belongs to the main actor": Mutant(
        "BgsvcScheduler.swift",
        REGISTER,
        ON_THE_MAIN_ACTOR,
        "a window is granted to an app that registers on its main actor",
    ),
}


@pytest.fixture(scope="module")
def outcomes(
    drivers: Mapping[Variant, Driver], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, tuple[int, str]]:
    """How the scenario of each mutant ended, and what was said."""
    original = drivers[THREADS].build

    def build_and_run(mutant: Mutant) -> tuple[int, str]:
        folder = tmp_path_factory.mktemp("mutant")
        app = write_app(folder, {mutant.source: mutant.apply})
        build = replace(original, folder=folder)
        said = build_mutant(original, build, app, mutant.source)
        if said:
            return 0, said
        try:
            run = Driver(build, app, PATIENCE).run(mutant.scenario, folder / "home")
        except subprocess.TimeoutExpired:
            return -1, "it never ended"
        return run.returncode, run.stdout + run.stderr

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(MUTANTS, pool.map(build_and_run, MUTANTS.values()), strict=True))


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_turns_its_scenario_red(
    outcomes: Mapping[str, tuple[int, str]], mistake: str
) -> None:
    code, said = outcomes[mistake]

    assert code != 0, said


def test_a_callback_that_is_not_sendable_does_not_compile(
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
    said = builds[THREADS].check("Mutant", source, others_of(source))

    assert "non-sendable" in said.lower() or "@Sendable" in said, said
