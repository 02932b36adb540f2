"""Where the tools of all platforms are kept."""

import os
from pathlib import Path


def cache() -> Path:
    """Return the folder that keeps what was fetched from one run to the next."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("BGSVC_CACHE") or home / "bgsvc")
