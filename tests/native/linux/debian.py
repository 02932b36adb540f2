"""The files of another Debian, with its systemd: downloaded through apt, unpacked into a cache.

No package's scripts run; what they would have made is made here. The packages are those that the
suite's signed lists name. They are not pinned to the byte: its mirrors keep no older ones, and each
of its updates would leave new machines without any.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.native.debian import (
    SUITE,
    DebianUnavailableError,
    download,
    require_debian,
    unpack,
)
from tests.native.linux.box import NoBoxError

VERSION: Final = "257"
"""The systemd of `SUITE`."""
PACKAGES: Final = (
    *("systemd", "dbus", "dbus-user-session", "libpam-systemd", "libpam-modules", "passwd"),
    *("util-linux", "mount", "coreutils", "dash", "grep", "sed", "findutils", "hostname"),
    *("base-files", "base-passwd", "libc-bin", "login", "python3", "python3-venv"),
)
RECIPE: Final = "1"
"""To be counted up when what is unpacked changes."""

_PAM: Final = {
    "account": "account required pam_permit.so",
    "auth": "auth required pam_permit.so",
    "password": "password required pam_permit.so",
    "session": "session required pam_permit.so\nsession optional pam_systemd.so",
    "session-noninteractive": "session required pam_permit.so",
}
"""What `pam-auth-update` writes, as far as a service manager needs it."""


def debian_root(cache: Path) -> Path:
    """Return a folder with the files of a Debian that can be booted.

    Raises:
        NoBoxError: If the packages cannot be had.
    """
    root = cache / "linux" / f"{SUITE}-{VERSION}-{RECIPE}"
    if root.is_dir():
        return root
    work = root.with_name(f"{root.name}.{os.getpid()}")
    try:
        require_debian()
        unpacked = work / "root"
        unpack(download(work / "apt", PACKAGES), unpacked)
        _finish(unpacked)
        if not root.is_dir():  # another run may have been faster
            unpacked.rename(root)
    except (OSError, DebianUnavailableError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or error
        raise NoBoxError(f"no Debian with systemd {VERSION}: {detail}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return root


def _finish(root: Path) -> None:
    """Make what the packages' scripts would have made."""
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "home", "opt", "var/log", "var/lib"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, mode in (("passwd", 0o644), ("group", 0o644), ("shadow", 0o640)):
        master = root / f"usr/share/base-passwd/{name}.master"
        text = master.read_text(encoding="utf-8") if master.exists() else ""
        (root / "etc" / name).write_text(text, encoding="utf-8")
        (root / "etc" / name).chmod(mode)
    for name, lines in _PAM.items():
        (root / f"etc/pam.d/common-{name}").write_text(f"{lines}\n", encoding="utf-8")
    for name, target in (("bin/sh", "dash"), ("bin/awk", "mawk")):
        if not (root / "usr" / name).exists():
            (root / "usr" / name).symlink_to(target)
    for command in ("ldconfig", "pwconv", "systemd-sysusers"):
        _inside(root, command)
    said = _inside(root, "systemctl", "--version")
    if not said.startswith(f"systemd {VERSION} "):
        raise NoBoxError(f"not systemd {VERSION}: {said}")


def _inside(root: Path, *command: str) -> str:
    return subprocess.run(
        ["chroot", root, *command],
        check=True,
        capture_output=True,
        encoding="utf-8",
        env={"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"},
    ).stdout
