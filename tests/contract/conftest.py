from pathlib import Path

import pytest

from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.model import Spec

CASES = sorted((Path(__file__).parents[1] / "golden/cases").glob("*/bgsvc.toml"))


@pytest.fixture(scope="session")
def golden_specs() -> list[Spec]:
    """The specs of all golden cases; together they use every key."""
    return [load_spec(path) for path in CASES]
