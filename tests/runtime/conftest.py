import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # services are imported by their entry

from bgsvc.testing import FakeHost

BOUND = 120.0  # real seconds for a test; one that explores for minutes says `slow`
SLOW_BOUND = 3000.0


@pytest.fixture(autouse=True)
def bounded(request: pytest.FixtureRequest) -> Iterator[None]:
    """Make a test that hangs a failure, where it hangs, and not a stall."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def hung(_: int, __: FrameType | None) -> None:
        raise AssertionError("the test hung")

    # With BGSVC_EXAMPLES a property is tried thousands of times.
    slow = request.node.get_closest_marker("slow") is not None or "BGSVC_EXAMPLES" in os.environ
    before = signal.signal(signal.SIGALRM, hung)
    signal.setitimer(signal.ITIMER_REAL, SLOW_BOUND if slow else BOUND)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def host() -> Iterator[FakeHost]:
    with FakeHost() as fake:
        yield fake
