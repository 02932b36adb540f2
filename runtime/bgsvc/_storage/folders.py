"""Where this system keeps what an app stores."""

from __future__ import annotations

import os
import sys

from bgsvc._model.errors import PlatformError


def default_data_dir(app: str) -> str:
    """Return where this system keeps an app's state.

    Raises:
        PlatformError: If that would be in the user's home folder and there is none.
    """
    state_directories = os.environ.get("STATE_DIRECTORY")
    if state_directories:
        return state_directories.partition(os.pathsep)[0]
    if sys.platform == "win32":
        return os.path.join(os.environ.get("LOCALAPPDATA") or _home(), app)
    if sys.platform == "darwin":
        return os.path.join(_home(), "Library", "Application Support", app)
    base = os.environ.get("XDG_STATE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.join(_home(), ".local/state"), app)


def _home() -> str:
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise PlatformError(
            "this user has no home folder to keep state in",
            fix="say where: `configure(data_dir=…)`, `--data-dir`, or set HOME",
        )
    return home


def state_dir_in(data_dir: str) -> str:
    """Return the folder of the runtime's own files in an app's data folder."""
    return os.path.join(data_dir, "bgsvc")
