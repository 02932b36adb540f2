"""What an installed service keeps in the registry beside what the manager writes."""

from __future__ import annotations

from bgsvc._lite.dataclasses import dataclass
from bgsvc._os.windows.log import MESSAGE_FILE, SOURCES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SERVICES = "SYSTEM\\CurrentControlSet\\Services"
_ENVIRONMENT = "Environment"
_FOLDER, _SOURCE, _DIGEST = "WorkingDirectory", "Source", "SourceDigest"


@dataclass(frozen=True)
class Settings:
    """What a service has beside its definition.

    Attributes:
        environment: Its variables; Windows itself hands them to the process.
        folder: Where it starts; empty for its own.
        source: The file that it was made of.
        source_digest: What that held.
    """

    environment: Mapping[str, str] = {}
    folder: str = ""
    source: str = ""
    source_digest: str = ""


def write_settings(label: str, settings: Settings) -> None:
    """Write a service's settings, and its source of events."""
    winreg = _winreg()
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, f"{SERVICES}\\{label}") as key:
        lines = [f"{name}={value}" for name, value in settings.environment.items()]
        _set(key, _ENVIRONMENT, winreg.REG_MULTI_SZ, lines)
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, f"{SERVICES}\\{label}\\Parameters") as key:
        _set(key, _FOLDER, winreg.REG_SZ, settings.folder)
        _set(key, _SOURCE, winreg.REG_SZ, settings.source)
        _set(key, _DIGEST, winreg.REG_SZ, settings.source_digest)
    with winreg.CreateKey(winreg.HKEY_LOCAL_MACHINE, f"{SOURCES}\\{label}") as key:
        winreg.SetValueEx(key, "EventMessageFile", 0, winreg.REG_EXPAND_SZ, MESSAGE_FILE)
        winreg.SetValueEx(key, "TypesSupported", 0, winreg.REG_DWORD, 7)


def read_settings(label: str) -> Settings:
    """Return a service's settings."""
    environment: dict[str, str] = {}
    for line in _value(f"{SERVICES}\\{label}", _ENVIRONMENT) or ():
        name, equals, value = line.partition("=")
        if name and equals:
            environment[name] = value
    own = f"{SERVICES}\\{label}\\Parameters"
    folder, source, digest = (_value(own, name) or "" for name in (_FOLDER, _SOURCE, _DIGEST))
    return Settings(environment, folder, source, digest)


def remove_settings(label: str) -> None:
    """Remove what `write_settings` wrote; the rest of the service's key is the manager's."""
    winreg = _winreg()
    for path in (f"{SERVICES}\\{label}\\Parameters", f"{SOURCES}\\{label}"):
        try:
            winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, path)
        except FileNotFoundError:
            continue


def leftovers(label: str) -> list[str]:
    """Return the keys that still hold something of a service."""
    winreg = _winreg()
    found: list[str] = []
    for path in (f"{SERVICES}\\{label}", f"{SOURCES}\\{label}"):
        try:
            winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path).Close()
        except OSError:
            continue
        found.append(path)
    return found


def _set(key: Any, name: str, kind: int, value: Any) -> None:
    winreg = _winreg()
    if value:
        winreg.SetValueEx(key, name, 0, kind, value)
        return
    try:
        winreg.DeleteValue(key, name)
    except FileNotFoundError:
        return


def _value(path: str, name: str) -> Any:
    winreg = _winreg()
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
            return winreg.QueryValueEx(key, name)[0]
    except OSError:
        return None


def _winreg() -> Any:
    return __import__("winreg")
