"""In the place of Chaquopy's module: what its Java calls once Python has started."""

import sys
from typing import Protocol


class _Json(Protocol):
    def getString(self, name: str) -> str: ...  # noqa: N802 - org.json.JSONObject's


starts = 0


def initialize(_context: object, build: _Json, _app_path: object) -> None:
    """Let Python find the app's modules, which the test leaves in a folder."""
    global starts  # noqa: PLW0603 - once in a process
    starts += 1
    sys.path[:0] = build.getString("app_folders").split(":")
