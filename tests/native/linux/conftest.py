"""One booted machine for all tests of systemd."""

import os
from collections.abc import Iterator

import pytest

from tests.native.linux.box import booted, missing
from tests.native.linux.machine import USER, Machine, install_app


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Boot; a laptop without the means skips and says why, CI fails."""
    why = missing()
    if why is not None and os.environ.get("CI"):
        pytest.fail(why)
    if why is not None:
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("box")
    with booted(folder) as box:
        install_app(box)
        box.run("useradd", "-m", USER)
        yield Machine(box, folder / "share")
