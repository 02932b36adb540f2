"""Where an installed unit came from, written into it, so that a difference can be told."""

from __future__ import annotations

import hashlib
import os

from bgsvc._lite.dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """The generated file that a unit was made of.

    Attributes:
        path: Where it was.
        digest: What it held.
    """

    path: str
    digest: str

    def changed(self) -> bool:
        """Return whether it holds something else now; False if it is gone."""
        try:
            with open(self.path, encoding="utf-8", newline="") as file:
                return digest_text(file.read()) != self.digest
        except (OSError, UnicodeDecodeError):
            return False


def read_origin(path: str, content: bytes) -> Origin:
    """Return what tells a file that holds `content` from a later one."""
    return Origin(os.path.abspath(path), digest_text(content.decode("utf-8", "surrogateescape")))


def digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
