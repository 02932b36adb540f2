"""Run the Swift on Linux, with CPython inside and stand-ins for Apple's frameworks."""

import subprocess
from collections.abc import Mapping

import pytest

from tests.native.ios.scenarios import scenario_names

pytestmark = pytest.mark.native


@pytest.mark.parametrize("scenario", scenario_names())
def test_scenario_in_its_own_process_succeeds(
    scenario_runs: Mapping[str, subprocess.CompletedProcess[str]], scenario: str
) -> None:
    run = scenario_runs[scenario]

    assert (run.returncode, run.stdout) == (0, "ok\n"), run.stdout + run.stderr


def test_driver_sources_contain_more_than_forty_scenarios() -> None:
    assert len(scenario_names()) > 40
