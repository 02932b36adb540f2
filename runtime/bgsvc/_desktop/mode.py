"""What really runs this process, found out from evidence and not from hope."""

from __future__ import annotations

import os
import sys

from bgsvc._desktop.sd_notify import is_us


def detect_mode() -> str:
    """Return the row of the capability table that is in force for this process."""
    if sys.platform == "win32":
        if os.environ.get("WINSW_SERVICE_ID") or os.environ.get("BGSVC_MODE") == "windowsService":
            return "windowsService"
        return "windowsTask" if os.environ.get("BGSVC_MODE") == "windowsTask" else "desktopProcess"
    if sys.platform == "darwin":
        return _launchd_mode()
    return _systemd_mode()


def platform_of(mode: str) -> str | None:
    """Return the only platform that has a mode; None if several have it."""
    for beginning, platform in _PLATFORMS:
        if mode.startswith(beginning):
            return platform
    return None


_PLATFORMS = (
    ("android", "android"),
    ("ios", "ios"),
    ("launch", "macos"),
    ("systemd", "linux"),
    ("windows", "windows"),
)


def _systemd_mode() -> str:
    """Tell a unit's main process from a shell that merely inherited its environment."""
    executed = os.environ.get("SYSTEMD_EXEC_PID")
    ours = is_us(executed) if executed else "NOTIFY_SOCKET" in os.environ
    if not ours or "INVOCATION_ID" not in os.environ:
        return "desktopProcess"
    return "systemdUser" if "MANAGERPID" in os.environ else "systemdSystem"


def started_by_boot() -> bool:
    """Return whether a boot or login starts this process, and not somebody who wants it to run.

    systemd starts what is enabled while it is still `starting`; what comes later was asked for,
    unless it is our timer that comes later (systemd 252 says so).
    Where nobody can tell, it counts as a boot: a service that was stopped then stays so.
    """
    mode = detect_mode()
    if not mode.startswith("systemd") or os.environ.get("TRIGGER_UNIT", "").endswith(".timer"):
        return True
    import subprocess

    scope = "--user" if mode == "systemdUser" else "--system"
    command = ["systemctl", scope, "is-system-running"]
    try:
        named = subprocess.run(  # noqa: S603 - our own words
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return True
    return named not in {b"running", b"degraded"}


def _launchd_mode() -> str:
    if os.environ.get("XPC_SERVICE_NAME", "0") == "0" or os.getppid() != 1:
        return "desktopProcess"
    # A daemon may have an account of its own; only its property list says so.
    is_daemon = os.geteuid() == 0 or os.environ.get("BGSVC_MODE") == "launchDaemon"
    return "launchDaemon" if is_daemon else "launchAgent"


def unit_name() -> str | None:
    """Return the systemd unit this process is in; None if it cannot be told."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            parts = file.read().strip().rpartition(":")[2].split("/")
    except OSError:
        return None
    return next((part for part in reversed(parts) if part.endswith(".service")), None)


def unit_enabled(unit: str | None, *, user: bool) -> bool:
    """Return whether a start at boot or login is set up for `unit`."""
    if unit is None:
        return False
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    folders = (
        [os.path.join(config, "systemd", "user"), "/etc/systemd/user"]
        if user
        else ["/etc/systemd/system"]
    )
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            link = os.path.join(folder, name, unit)
            if name.endswith((".wants", ".requires")) and os.path.lexists(link):
                return True
    return False


def lingers() -> bool:
    """Return whether this user's services run without a login."""
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False
    return os.path.exists(os.path.join("/var/lib/systemd/linger", name))
