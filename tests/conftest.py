import os

import pytest
from hypothesis import HealthCheck, settings

# No test is timed: a busy machine is not a failure.
settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("whole"), max_examples=40)
# `make test` says how many examples to try; the fast tier has a minute for everything.
settings.load_profile("whole" if "BGSVC_EXAMPLES" in os.environ else "quick")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many workers again as there are processors: tests of processes wait a lot."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the golden files from what the generator yields now",
    )
