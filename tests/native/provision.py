"""What the tests of all platforms do about what a machine may not have."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """End a test that cannot run here: on a laptop it is skipped, in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)
