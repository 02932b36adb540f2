"""What we ship works: both wheels, built, installed, and the sources out of reach."""

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import bgsvc_gen

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "runtime"):
        command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
        subprocess.run([*command, f"--outdir={out}", str(source)], check=True, capture_output=True)
    return sorted(out.glob("*.whl"))


@pytest.fixture(scope="session")
def run(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a command of an environment that holds the wheels; dependencies come from ours."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=False, symlinks=True)
    packages = next(place.glob("lib/python*/site-packages"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
    ours = next(Path(sys.prefix).glob("lib/python*/site-packages"))
    dependencies = place / "dependencies"
    dependencies.mkdir()
    for entry in ours.iterdir():
        if "bgsvc" not in entry.name and entry.suffix != ".pth":
            (dependencies / entry.name).symlink_to(entry)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONPATH"] = str(dependencies)

    def call(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
        command = [str(place / "bin/python"), *arguments]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=True
        )

    return call


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_tool_carries_its_templates_and_the_runtime(wheels: list[Path]) -> None:
    tool = next(wheel for wheel in wheels if wheel.name.startswith("bgsvc_gen"))
    shipped = names(tool)

    for folder, inside in (("templates", "templates"), ("runtime/bgsvc", "vendor/bgsvc")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = f"bgsvc_gen/{inside}/{path.relative_to(ROOT / folder).as_posix()}"
                assert name in shipped


def test_the_wheels_hold_nothing_else(wheels: list[Path]) -> None:
    for wheel in wheels:
        package = wheel.name.partition("-")[0]
        roots = {name.partition("/")[0] for name in names(wheel)}

        assert roots == {package, f"{package}-{bgsvc_gen.__version__}.dist-info"}
        assert not [name for name in names(wheel) if name.endswith(".pyc")]


def test_an_app_gets_nothing_that_pip_compiled(run: Run, tmp_path: Path) -> None:
    find = "import bgsvc_gen, pathlib; print(pathlib.Path(bgsvc_gen.__file__).parent)"
    package = run("-c", find, cwd=tmp_path).stdout.strip()
    run("-m", "compileall", "-q", package, cwd=tmp_path)  # as pip does
    assert list(Path(package).glob("templates/init/**/*.pyc"))

    run("-m", "bgsvc_gen", "init", "app", "--no-input", cwd=tmp_path)

    files = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")]
    assert "app/bgsvc.toml" in files
    assert not [name for name in files if name.endswith(".pyc")]


def test_an_installed_tool_starts_an_app_and_generates_it(run: Run, tmp_path: Path) -> None:
    run("-m", "bgsvc_gen", "init", "app", "--no-input", cwd=tmp_path)
    run("-m", "bgsvc_gen", "all", cwd=tmp_path / "app")
    done = run("-m", "bgsvc_gen", "check", cwd=tmp_path / "app")

    assert "up to date" in done.stderr
    assert (tmp_path / "app/native/bgsvc/python/site-packages/bgsvc/__init__.py").is_file()


def test_both_distributions_have_one_version(run: Run, tmp_path: Path) -> None:
    code = "import bgsvc, bgsvc_gen; print(bgsvc.__version__, bgsvc_gen.__version__)"

    assert run("-c", code, cwd=tmp_path).stdout.split() == [bgsvc_gen.__version__] * 2


def test_the_runtime_needs_no_other_distribution(wheels: list[Path]) -> None:
    runtime = next(wheel for wheel in wheels if wheel.name.startswith("bgsvc-"))
    with zipfile.ZipFile(runtime) as archive:
        name = next(n for n in archive.namelist() if n.endswith("/METADATA"))
        metadata = archive.read(name).decode().partition("\n\n")[0]
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]

    assert all("extra ==" in line for line in needs)
