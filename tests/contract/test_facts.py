"""Each row of a facts table has a source and a golden case."""

import pytest

from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.spec.model import Spec


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_foreground_service_type_has_a_golden_case(name: str, golden_specs: list[Spec]) -> None:
    shown = {kind for spec in golden_specs for s in spec.services for kind in s.android.types}

    assert name in shown, f"add tests/golden/cases/android-{name.lower()}/bgsvc.toml"


@pytest.mark.parametrize("name", SERVICE_TYPES)
def test_foreground_service_type_has_sources(name: str) -> None:
    assert SERVICE_TYPES[name].sources
