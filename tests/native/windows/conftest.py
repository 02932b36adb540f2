from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.native.cache import cache
from tests.native.provision import lacks
from tests.native.windows.machine import Machine
from tests.native.windows.packages import WineUnavailableError, wine_home
from tests.native.windows.winebox import copied


@pytest.fixture(scope="session")
def home() -> Path:
    """Where Wine and CPython are."""
    try:
        return wine_home(cache())
    except WineUnavailableError as error:
        lacks(str(error))


@pytest.fixture(scope="session")
def booted(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Boot one machine for all tests."""
    with copied(home, tmp_path_factory.mktemp("windows") / "prefix") as box:
        machine = Machine(box)
        yield machine
        machine.leave()


@pytest.fixture
def machine(booted: Machine) -> Machine:
    """Give a test a machine without services or traces of earlier ones."""
    booted.forget()
    return booted
