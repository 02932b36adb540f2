"""Where an installed unit came from, written into its last section."""

from __future__ import annotations

from bgsvc._os.provenance import Origin, digest_text
from bgsvc._os.systemd.unit import setting

_SOURCE, _SOURCE_DIGEST, _DIGEST = "Source", "SourceDigest", "Digest"


def with_origin(text: str, path: str, generated: str) -> str:
    """Return the unit `text` with where it came from: its last section is ours."""
    lines = f"{_SOURCE}={path.encode('unicode_escape').decode()}\n"
    lines += f"{_SOURCE_DIGEST}={digest_text(generated)}\n"
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
    return digest_text("\n".join(line for line in lines if not line.startswith(f"{_DIGEST}=")))
