"""Where a service's channel is: one answer for its daemon and for whoever looks for it."""

from __future__ import annotations

import os
import stat
import sys
from binascii import crc32

from bgsvc._lite.dataclasses import dataclass
from bgsvc._model.config import validate_name
from bgsvc._model.errors import NotAllowedError, PlatformError
from bgsvc._storage.folders import default_data_dir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._ports.host import Host

LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes that fit into `sun_path` before its NUL: xnu's sys/un.h has 104, Linux's unix(7) 108."""
CHANNEL_VARIABLE = "BGSVC_CHANNEL"
"""In a launchd daemon's environment: the folder that `install` made for its channel."""
CHANNELS = "/var/db/bgsvc"
"""Where macOS has the folders of its daemons' channels: there a boot empties /var/run, and only
root may write to it; what `install` makes here for the account of a daemon stays."""
_PIPES = sys.platform == "win32"
_SYSTEM_MODES = frozenset({"systemdSystem", "launchDaemon", "windowsService"})


@dataclass(frozen=True)
class Address:
    """Where a daemon listens.

    Attributes:
        folder: The folder of the socket, private to the daemon's user; empty on Windows, where
            pipes have a place of their own.
        name: What tells the service from others there.
        system: Whether the folder was made for the daemon by the system.
    """

    folder: str
    name: str
    system: bool = False

    @property
    def path(self) -> str:
        """The socket's path; a name too long for the system goes as its checksum."""
        path = os.path.join(self.folder, f"{self.name}.sock")
        if len(os.fsencode(path)) <= LONGEST:
            return path
        return os.path.join(self.folder, f"{crc32(self.name.encode()):08x}.sock")


def address_of(
    service: str, app: str | None = None, data_dir: str | None = None, scope: str = "user"
) -> Address:
    """Return where the daemon of `service` listens.

    Args:
        service: The service's name.
        app: The app's id.
        data_dir: The folder of its state, where that is not the app's usual one.
        scope: `user`, or `system` for a service of the whole machine.

    Raises:
        ConfigError: If a name could lead elsewhere.
    """
    app = validate_name(app or "bgsvc")
    name = f"{validate_name(service)}@{app}"
    if scope == "system":
        folder = "" if _PIPES else os.path.join(_system_base(), f"{app}.{service}")
        return Address(folder, name, system=True)
    if _PIPES:
        return Address("", _with_data_dir(name, app, data_dir))
    name = _with_data_dir(name, app, data_dir)
    address = Address(_user_folder(), name)
    if len(os.fsencode(address.path)) > LONGEST:
        return Address(_fallback(), name)
    return address


def _with_data_dir(name: str, app: str, data_dir: str | None) -> str:
    """Return a name that tells services apart whose state is in different folders."""
    if data_dir is None:
        return name
    given = os.path.normcase(os.path.realpath(data_dir))
    return name if given == _usual(app) else f"{name}-{crc32(os.fsencode(given)):08x}"


def own_address(service: str, host: Host, app: str, data_dir: str | None) -> Address:
    """Return where this process, the daemon of `service`, is to listen."""
    given = os.environ.get("RUNTIME_DIRECTORY", "").partition(os.pathsep)[0]
    if host.mode == "systemdSystem" and given:
        return Address(given, f"{service}@{app}", system=True)
    given = os.environ.get(CHANNEL_VARIABLE, "")
    if os.path.basename(given) == f"{app}.{service}":  # a daemon's, and no heir's of its variables
        return Address(given, f"{service}@{app}", system=True)
    scope = "system" if host.mode in _SYSTEM_MODES - {"systemdSystem"} else "user"
    return address_of(service, app, data_dir, scope)


def make_private(folder: str) -> None:
    """See that `folder` is there, is ours and lets nobody else in.

    Raises:
        NotAllowedError: It belongs to somebody else, or is no folder.
        PlatformError: It cannot be made.
    """
    try:
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            found = os.lstat(folder)
            if found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode):
                os.chmod(folder, 0o700)
        check_private(folder, os.geteuid())
    except OSError as error:
        fix = "make the folder above it writable, or set XDG_RUNTIME_DIR to one that is"
        raise PlatformError(f"no folder for the channel: {error}", fix=fix) from error


def check_private(folder: str, owner: int) -> None:
    """Look whether `folder` is `owner`'s alone.

    Raises:
        NotAllowedError: It is not.
        OSError: It is not there.
    """
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise NotAllowedError(f"{folder} is no folder", fix="see who put it there; remove it")
    if found.st_uid != owner or found.st_mode & 0o077:
        text = f"{folder} is not for user {owner} alone: user {found.st_uid}, {found.st_mode:o}"
        raise NotAllowedError(text, fix="see who put it there; remove it")


def system_owner(folder: str) -> int:
    """Return whose a daemon's folder is, if none but root can have made it.

    Raises:
        NotAllowedError: Somebody else could have.
        OSError: It is not there.
    """
    base = os.path.dirname(folder)
    for above in (base, os.path.dirname(base)):
        found = os.stat(above)
        if found.st_uid != 0 or found.st_mode & 0o022:
            text = f"{above} is not root's alone"
            raise NotAllowedError(text, fix="let the service manager make the folder")
    owner = os.lstat(folder).st_uid
    check_private(folder, owner)
    return owner


def _usual(app: str) -> str | None:
    """Return where the app's state is if nobody says otherwise; None if that is nowhere."""
    try:
        return os.path.normcase(os.path.realpath(default_data_dir(app)))
    except PlatformError:
        return None


def _system_base() -> str:
    """Return where the units' `RuntimeDirectory` is made, or, on macOS, what stands for it."""
    return CHANNELS if sys.platform == "darwin" else "/run"


def _user_folder() -> str:
    """Return the folder of this user's sockets."""
    if sys.platform == "darwin":
        return os.path.join(os.path.expanduser("~"), "Library", "Caches", "bgsvc")
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.geteuid()}"):
        if os.path.isabs(base) and _is_mine(base):
            return os.path.join(base, "bgsvc")
    return _fallback()


def _fallback() -> str:
    """Return a folder with a short path that every system has; it is checked before its use."""
    return f"/tmp/bgsvc-{os.geteuid()}"  # noqa: S108 - whoever else made it is refused


def _is_mine(folder: str) -> bool:
    try:
        return os.stat(folder).st_uid == os.geteuid()
    except OSError:
        return False
