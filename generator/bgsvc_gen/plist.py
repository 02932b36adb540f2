"""Reading an app's property list, XML or binary, and merging the keys that the services need."""

import os
import plistlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast
from xml.parsers.expat import ExpatError

from bgsvc_gen.errors import OutputError, UsageError
from bgsvc_gen.output.atomic import replace_file

BACKUP_SUFFIX: Final = ".before-bgsvc"
"""Suffix of the backup that the first change leaves."""

_BINARY: Final = b"bplist00"
_UNREADABLE: Final = (
    *(plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, TypeError),
    # An invalid date, an unknown encoding, and arrays that are nested too deep.
    *(AttributeError, LookupError, RecursionError),
)
"""Exceptions of `plistlib` for a file that is not a property list."""


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Return the dictionary in a property list, XML or binary.

    Raises:
        UsageError: `content` is not a property list; the message calls it `name`.
    """
    try:
        content_or_other: Any = plistlib.loads(content, dict_type=_Dictionary)
    except _UNREADABLE as error:
        raise UsageError(
            f"{name} is not a property list: {error}", "name the app's Info.plist"
        ) from None
    if not isinstance(content_or_other, dict):
        raise UsageError(f"{name} does not contain a dictionary", "name the app's Info.plist")
    return dict(cast("dict[str, Any]", content_or_other))


class _Dictionary(dict[str, Any]):
    """A dictionary that refuses a repeated key; one of its values would be lost silently."""

    def __setitem__(self, key: str, value: object) -> None:
        if key in self:
            raise ValueError(f'the key "{key}" appears twice')
        super().__setitem__(key, value)


def merge(content: bytes, additions: Mapping[str, Sequence[str]], name: str) -> bytes:
    """Return `content` with the values of `additions` added to its arrays.

    The form, XML or binary, and the order of keys and values are kept, and nothing is removed. A
    complete list is returned unchanged, to the byte. A changed XML list loses its comments.

    Raises:
        UsageError: `content` is not a property list, or such a key is not an array.
    """
    dictionary = parse(content, name)
    is_changed = False
    for key, values in additions.items():
        present: Any = dictionary.get(key, [])
        if not isinstance(present, list):
            raise UsageError(
                f"{key} in {name} is not an array", "change it to an array, or remove it"
            )
        missing = [value for value in dict.fromkeys(values) if value not in present]
        if missing:
            dictionary[key] = [*present, *missing]
            is_changed = True
    if not is_changed:
        return content
    form = plistlib.FMT_BINARY if content.startswith(_BINARY) else plistlib.FMT_XML
    try:
        return plistlib.dumps(dictionary, fmt=form, sort_keys=False)
    except (ValueError, OverflowError, TypeError, RecursionError) as error:
        raise UsageError(f"{name} has a value that cannot be written back: {error}") from None


def read(path: Path) -> bytes:
    """Return the content of `path`.

    Raises:
        OutputError: It cannot be read, or is not a regular file.
    """
    try:
        if path.exists() and not path.is_file():
            raise OutputError(f"{path} is not a regular file", "name the app's Info.plist")
        return path.read_bytes()
    except OSError as error:
        hint = "name the app's Info.plist"
        raise OutputError(
            f"cannot read {path}: {(error.strerror or str(error)).lower()}", hint
        ) from None


def refuse_unwritable(path: Path) -> None:
    """Refuse a property list that cannot be replaced, before anything is written.

    Raises:
        OutputError: The list or its folder is read-only.
    """
    real = path.resolve()
    if not real.stat().st_mode & 0o222:
        raise OutputError(f"{path} is read-only", "make it writable")
    hint = "make the folder writable"
    if not os.access(real.parent, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write in {real.parent}: permission denied", hint)


def write(path: Path, before: bytes, after: bytes) -> None:
    """Write `after` to `path`, and `before` to a backup beside it unless one exists.

    A link is kept, and its target replaced.

    Raises:
        OutputError: The write failed; `path` is unchanged.
    """
    real = path.resolve()
    backup = real.with_name(real.name + BACKUP_SUFFIX)
    try:
        if not backup.exists():
            replace_file(backup, before)
            backup.chmod(real.stat().st_mode)
        replace_file(real, after)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}"
        ) from None
