"""The Swift, run on Linux: with CPython inside, and stand-ins for Apple's frameworks around it."""

import subprocess
from collections.abc import Mapping

import pytest

from tests.native.ios.trials import scenario_names

pytestmark = pytest.mark.native


@pytest.mark.parametrize("scenario", scenario_names())
def test_scenario(driven: Mapping[str, subprocess.CompletedProcess[str]], scenario: str) -> None:
    run = driven[scenario]

    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stdout + run.stderr


def test_there_are_scenarios() -> None:
    assert len(scenario_names()) > 40
