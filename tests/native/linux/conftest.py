"""Booted machines, each shared by all tests that need it."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache as once
from pathlib import Path

import pytest

from tests.native.cache import cache
from tests.native.linux.box import NoBoxError, booted, own_systemd, require_box, until
from tests.native.linux.debian import debian_root
from tests.native.linux.machine import USER, Machine, install_app
from tests.native.provision import lacks

Boot = Callable[[str], Machine]


@pytest.fixture(scope="session")
def boot(tmp_path_factory: pytest.TempPathFactory) -> Generator[Boot]:
    """Return a function that boots a machine by its name, once."""
    with ExitStack() as running:

        @once
        def begin(name: str) -> Machine:
            own = name == "own" and own_systemd()
            lower = Path("/") if own else debian_root(cache())
            folder = tmp_path_factory.mktemp(name)
            box = running.enter_context(booted(lower, folder))
            install_app(box)
            box.run("useradd", "-m", USER)
            return Machine(box, folder / "share")

        yield begin


@pytest.fixture
def machine(request: pytest.FixtureRequest, boot: Boot) -> Iterator[Machine]:
    """A booted machine, left without services; a laptop without the means skips, CI fails."""
    try:
        require_box()
        found = boot(getattr(request, "param", "own"))
    except NoBoxError as error:
        lacks(str(error))
    yield found
    found.wipe()


@pytest.fixture
def lingering(machine: Machine) -> Iterator[str]:
    """Let the machine's user linger, as a server's would."""
    machine.box.run("loginctl", "enable-linger", USER)
    uid = machine.box.run("id", "-u", USER).stdout.strip()
    until(
        lambda: machine.box.show(f"user@{uid}.service", "ActiveState")["ActiveState"] == "active",
        "the user's manager",
    )
    yield USER
    machine.box.run("loginctl", "disable-linger", USER)
    until(
        lambda: machine.box.show(f"user@{uid}.service", "ActiveState")["ActiveState"] == "inactive",
        "the user's manager ends",
    )
    machine.box.run("rm", "-rf", f"/home/{USER}/.local", f"/home/{USER}/.config")
