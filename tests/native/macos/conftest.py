from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bgsvc._os.service import Scope
from tests.native.cache import cache
from tests.native.macos.crate import CrateUnavailableError, reader
from tests.native.macos.mac import IS_MACOS, TICK, Mac
from tests.native.provision import lacks


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mac]:
    """Give a test a user's launchd, and leave nothing of it behind."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_STATE_HOME", "XDG_RUNTIME_DIR"):  # a job has neither
        monkeypatch.delenv(name, raising=False)
    found = Mac(tmp_path, Scope.USER)
    yield found
    if IS_MACOS:
        found.launchd.uninstall(TICK)
    found.end_all()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that another account may write to, which pytest's own lets nobody reach."""
    with TemporaryDirectory(prefix="bgsvc-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture(scope="session")
def launchd_crate() -> Path:
    """Give a program that reads property lists with the crate `launchd`."""
    try:
        return reader(cache())
    except CrateUnavailableError as error:
        lacks(str(error))
