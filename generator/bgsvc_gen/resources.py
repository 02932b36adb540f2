"""Locations of the tool's data, in a wheel and in a checkout."""

from importlib import resources
from pathlib import Path


def _data(installed: str, checkout: str) -> Path:
    """Return a data folder: in a wheel inside the package, in a checkout beside it."""
    package = Path(str(resources.files("bgsvc_gen")))
    shipped = package / installed
    return shipped if shipped.is_dir() else package.parents[1] / checkout


def templates_root() -> Path:
    """Return the folder that holds `android/`, `ios/`, `desktop/` and `init/`.

    An editable install reads the repository's top-level `templates/`, so an edit
    there takes effect at once.
    """
    return _data("templates", "templates")


def runtime_root() -> Path:
    """Return the runtime package `bgsvc` that mobile projects carry a copy of."""
    return _data("vendor/bgsvc", "runtime/bgsvc")
