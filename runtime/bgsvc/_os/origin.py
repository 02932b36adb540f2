"""Where an installed unit came from, written into it, so that a difference can be told."""

from __future__ import annotations

import hashlib
import os

from bgsvc._os.unit import setting
from bgsvc._record import record

_SOURCE, _SOURCE_DIGEST, _DIGEST = "Source", "SourceDigest", "Digest"


@record(frozen=True)
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
                return _hash(file.read()) != self.digest
        except (OSError, UnicodeDecodeError):
            return False


def made_of(path: str, content: bytes) -> Origin:
    """Return what tells a file that holds `content` from a later one."""
    return Origin(os.path.abspath(path), _hash(content.decode("utf-8", "surrogateescape")))


def with_origin(text: str, path: str, generated: str) -> str:
    """Return the unit `text` with where it came from: its last section is ours."""
    lines = f"{_SOURCE}={path.encode('unicode_escape').decode()}\n"
    lines += f"{_SOURCE_DIGEST}={_hash(generated)}\n"
    whole = text.rstrip("\n") + "\n" + lines
    return f"{whole}{_DIGEST}={digest_of(whole)}\n"


def origin_of(text: str) -> Origin | None:
    """Return where a unit came from; None if it does not say."""
    path, digest = setting(text, "X-Bgsvc", _SOURCE), setting(text, "X-Bgsvc", _SOURCE_DIGEST)
    if not path or not digest:
        return None
    return Origin(path.encode().decode("unicode_escape"), digest)


def digest_of(text: str) -> str:
    """Return the digest of a unit, but for the line that says it."""
    lines = text.split("\n")
    return _hash("\n".join(line for line in lines if not line.startswith(f"{_DIGEST}=")))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
