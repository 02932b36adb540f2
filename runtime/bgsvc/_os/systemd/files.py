"""The files of units: where they go, written whole or not at all, put back if need be."""

from __future__ import annotations

import os

from bgsvc._os.service import Scope


def folder_of(scope: Scope) -> str:
    """Return where an administrator's, or a user's, own units are."""
    if scope is Scope.SYSTEM:
        return "/etc/systemd/system"
    base = os.environ.get("XDG_CONFIG_HOME", "")
    home = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(home, "systemd", "user")


def search_path(scope: Scope) -> list[str]:
    """Return where the manager looks for units, systemd.unit(5), ours first."""
    kind = scope.value
    shared = [f"/etc/systemd/{kind}", f"/run/systemd/{kind}", f"/usr/local/lib/systemd/{kind}"]
    return list(dict.fromkeys([folder_of(scope), *shared, f"/usr/lib/systemd/{kind}"]))


class File:
    """One file in a folder of units; without content it is not to be there."""

    def __init__(self, folder: str, name: str, content: bytes | None = None) -> None:
        self._path = os.path.join(folder, name)
        self._content = content
        self._before: bytes | None = None
        self._touched = False

    def write(self) -> bool:
        """Make the content the whole of the file, if it is not already; True if it changed."""
        self._before = _content(self._path)
        if self._before == self._content:
            return False
        self._touched = True
        _put(self._path, self._content)
        return True

    def restore(self) -> None:
        """Undo `write`."""
        if self._touched:
            _put(self._path, self._before)

    def remove_all(self) -> list[str]:
        """Remove the file, its drop-ins and what links to it; return what could not be."""
        wrong: list[str] = []
        folder, name = os.path.split(self._path)
        for path in [self._path, *_links(folder, name), *_dropins(f"{self._path}.d")]:
            try:
                _remove(path)
            except OSError as error:
                wrong.append(str(error))
        return wrong


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def _put(path: str, content: bytes | None) -> None:
    if content is None:
        _remove(path)
    else:
        _replace(path, content)


def _replace(path: str, content: bytes) -> None:
    """Write beside the file and rename: whoever reads, and whoever kills us, sees one whole."""
    folder, name = os.path.split(path)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o644)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def _links(folder: str, name: str) -> list[str]:
    """Return links to the unit that `systemctl disable` no longer finds once it is gone."""
    kinds = (".wants", ".requires")
    folders = [entry for entry in _names(folder) if entry.endswith(kinds)]
    links = [os.path.join(folder, entry, name) for entry in folders]
    return [link for link in links if os.path.islink(link)]


def _dropins(folder: str) -> list[str]:
    return [*(os.path.join(folder, name) for name in _names(folder)), folder]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _remove(path: str) -> None:
    try:
        os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
    except FileNotFoundError:
        return
