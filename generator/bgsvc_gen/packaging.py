"""What an app's own packaging would make of the generated files."""

import configparser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import tomli

from bgsvc_gen.diagnostics import Diagnostic, Location
from bgsvc_gen.spec.model import Spec

PYPROJECT: Final = "pyproject.toml"


def packaging_warnings(spec: Spec, project: Path, out: Path) -> Iterator[Diagnostic]:
    """Warn where setuptools would take the output folder for a package of the app.

    Without settings setuptools packs every folder beside pyproject.toml whose name is an
    identifier, and refuses a project that has two:
    https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout

    Args:
        spec: The checked spec.
        project: The folder of the spec.
        out: The output folder.
    """
    path = project / PYPROJECT
    settings = _read(path)
    top = _top_folder(project, out)
    if settings is None or top is None or not _discovers(settings, project):
        return
    packages = sorted({service.entry.partition(":")[0].split(".")[0] for service in spec.services})
    include = ", ".join(f'"{package}*"' for package in packages)
    yield Diagnostic(
        path.as_posix(),
        Location(),
        "BG701",
        f'setuptools would take "{top}" for a package, and refuse to build the project',
        f"add [tool.setuptools.packages.find] with include = [{include}]",
    )


def _read(path: Path) -> dict[str, Any] | None:
    """Return the settings at `path`; `None` if they cannot be read, which others report."""
    try:
        return tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError):
        return None


def _top_folder(project: Path, out: Path) -> str | None:
    """Return the folder beside the spec that holds `out`, if it could be a package."""
    try:
        parts = out.absolute().relative_to(project.absolute()).parts
    except ValueError:
        return None
    return parts[0] if parts and parts[0].isidentifier() else None


def _discovers(settings: dict[str, Any], project: Path) -> bool:
    """Return whether setuptools builds this project, and looks for its packages itself."""
    backend = settings.get("build-system", {}).get("build-backend", "setuptools.build_meta")
    if "project" not in settings or not str(backend).startswith("setuptools"):
        return False
    tool = settings.get("tool", {}).get("setuptools", {})
    if "packages" in tool or "py-modules" in tool or project.joinpath("src").is_dir():
        return False
    options = configparser.RawConfigParser()
    try:
        options.read(project / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return False
    configured = options.has_option("options", "packages")
    return not configured and not options.has_option("options", "py_modules")
