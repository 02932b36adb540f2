import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # services are imported by their entry

from bgsvc.testing import FakeHost


@pytest.fixture
def host() -> Iterator[FakeHost]:
    with FakeHost() as fake:
        yield fake
