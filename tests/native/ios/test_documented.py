"""The figures in `docs/ios.md` are those of the tests."""

import re
from typing import Final

import pytest

from tests.native.ios.scenarios import REPOSITORY, scenario_names
from tests.native.ios.test_accepted import APPS, GUARDS, TARGETS
from tests.native.ios.test_mutations import MUTANTS
from tests.native.ios.test_rebuilt import WRONG
from tests.unit.test_ios_doctor import BREAKS

pytestmark = pytest.mark.native

FIGURES: Final = {
    "scenarios, each a process": f"{len(scenario_names())}, under",
    "mistakes made on purpose": (
        f"{len(MUTANTS)} in the run; in the compiler, {len(GUARDS)} deleted checks "
        "and 1 missing mark"
    ),
    "type checks for": f"{len(TARGETS)} and {len(APPS) * len(TARGETS)}",
    "calls that Apple does not have": f"1; {len(WRONG)} refused",
    "random orders of launches": "200",
    "faults of an app": f"{len(BREAKS)}",
}
"""A text in the first cell of a row, and how the second cell begins."""


@pytest.mark.parametrize("subject", FIGURES)
def test_documented_figure_is_that_of_the_tests(subject: str) -> None:
    text = (REPOSITORY / "docs/ios.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+) \| (.+) \|$", text, re.MULTILINE)

    figures = [figure for row, figure in rows if subject in row]
    assert len(figures) == 1
    assert figures[0].startswith(FIGURES[subject])


def test_random_orders_are_as_many_as_documented() -> None:
    source = REPOSITORY / "tests/native/ios/driver/RandomScenarios.swift"

    assert "    for _ in 0..<200 {" in source.read_text(encoding="utf-8")
