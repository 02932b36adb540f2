"""Diagnostics: what is wrong with a spec, where, and how to fix it."""

import re
from dataclasses import dataclass
from typing import Final

CODES: Final = {
    "BG001": "the spec cannot be read",
    "BG002": "the spec is not TOML",
    "BG101": "unknown key",
    "BG102": "wrong type",
    "BG103": "missing key",
    "BG104": "value not in the list",
    "BG105": "not a duration",
    "BG106": "not a text that every platform can show",
    "BG107": "text that a platform would expand",
    "BG201": "app id is not a reverse-DNS name",
    "BG202": "not a service or action name",
    "BG203": "entry is not `package.module:Class`",
    "BG204": "two services would get the same native name",
    "BG205": "no service",
    "BG301": "unknown foreground service type",
    "BG302": "foreground service type that an app cannot declare",
    "BG303": "foreground service type listed twice",
    "BG304": "`specialUse` without `special_use`",
    "BG305": "foreground service type that Android does not start at boot",
    "BG306": "`shortService` combined with another type",
    "BG307": "services of one app with different Python hosts",
    "BG308": "`sticky` with a type that Android cannot restart",
    "BG309": '`restart.on = "always"` with a type that has a time limit',
    "BG310": "missing permission for a start at boot",
    "BG311": "`special_use` without `specialUse`",
    "BG312": "not the name of an Android permission",
    "BG313": "more buttons than a notification shows",
    "BG314": "a job with a foreground service type",
    "BG315": "a user-initiated job with a period",
    "BG316": "`min_sdk` above `target_sdk`",
    "BG317": "foreground service type that is newer than `target_sdk`",
    "BG318": "a rule that applies once the app targets a newer API level; a warning",
    "BG319": "`direct_boot` with a service that cannot start before the first unlock",
    "BG401": "unknown permission",
    "BG501": "not an iOS task identifier of this app",
    "BG502": "two iOS tasks with the same identifier",
    "BG503": "more processing tasks than iOS keeps",
    "BG601": "not an environment variable",
    "BG602": "a key of the other scope",
    "BG603": "not a value that a service manager accepts",
    "BG604": "a key that a system does not support; a warning",
    "BG701": "a generated folder that setuptools would take for a package; a warning",
}
"""Every code of a diagnostic, and its meaning."""


# Controls, line separators, lone surrogates, and characters that change the text direction.
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str, keep: str = "") -> str:
    """Return `text` with control characters as escapes, except those in `keep`."""
    return _UNSEEN.sub(lambda match: _escape(match[0]) if match[0] not in keep else match[0], text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file; lines and columns count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning about a spec.

    Attributes:
        file: The spec's path, as the user named it.
        location: Where in it.
        code: One of `CODES`.
        message: What is wrong, in one line.
        hint: How to fix it.
    """

    file: str
    location: Location
    code: str
    message: str
    hint: str

    def __str__(self) -> str:
        """Return `file:line:col CODE message`, and the hint on a second line."""
        place = f"{self.file}:{self.location.line}:{self.location.column}"
        line = visible(f"{place} {self.code} {self.message}")
        return f"{line}\n  hint: {visible(self.hint)}"
