"""Where an installed XML file came from: a comment at its end, which every reader skips."""

from __future__ import annotations

import re

from bgsvc._os.provenance import Origin

_NOTE = re.compile(r"<!-- bgsvc source (\S+) (\w+) -->\s*$")


def note_of(origin: Origin) -> str:
    """Return the comment; no path can end it, for it holds no hyphen."""
    from urllib.parse import quote

    path = quote(origin.path.encode("utf-8", "surrogateescape"), safe="/:\\").replace("-", "%2D")
    return f"<!-- bgsvc source {path} {origin.digest} -->\n"


def noted(text: str) -> Origin | None:
    """Return where a file that says `text` came from; None if it does not say."""
    from urllib.parse import unquote

    found = _NOTE.search(text)
    if found is None:
        return None
    return Origin(unquote(found[1], errors="surrogateescape"), found[2])
