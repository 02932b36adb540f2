"""The sandbox of a systemd unit: one row for each setting.

Sources: systemd.exec(5) of systemd 252 and 257, and `systemd-analyze security` of both. What is not
here would break a service that does nothing odd: `MemoryDenyWriteExecute` (ctypes' callbacks),
`PrivateUsers` (a peer's credentials on a local socket read as nobody's), `IPAddressDeny`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of a unit.

    Attributes:
        key: The setting's name.
        value: What it is set to.
        relaxed_by: The relaxation that changes it; `None` if none does.
        relaxed: What it is then set to; `None` leaves the line out.
        needs_privilege: Whether only the system's manager can give it without user namespaces.
    """

    key: str
    value: str
    relaxed_by: str | None = None
    relaxed: str | None = None
    needs_privilege: bool = False


RELAXATIONS: Final = {
    "devices": "access to devices, such as a serial port or a camera",
    "filesystem": "writing outside its own folders, except in /usr, /boot and /etc",
    "home": "access to /home, /root and /run/user; read-only with a dynamic account",
    "namespaces": "creating namespaces, as containers do",
    "privileges": "gaining privileges through set-user-ID programs such as sudo",
    "proc": "access to other processes and to all of /proc",
    "scheduling": "setting priorities, CPU affinity, limits and real-time scheduling",
    "sockets": "sockets of any family, such as Bluetooth or CAN",
    "syscalls": "every system call",
    "temp": "the shared /tmp",
}
"""Parts of the sandbox that a spec may open: name → what the service gains."""

NEED_USER: Final = frozenset({"filesystem", "privileges", "temp"})
"""Relaxations that `DynamicUser=` rules out, systemd.exec(5)."""

_SYSCALLS: Final = "@system-service"

SANDBOX: Final = (
    Setting("LockPersonality", "yes"),
    Setting("NoNewPrivileges", "yes", "privileges"),
    Setting("RestrictAddressFamilies", "AF_INET AF_INET6 AF_NETLINK AF_UNIX", "sockets"),
    Setting("RestrictNamespaces", "yes", "namespaces"),
    Setting("RestrictRealtime", "yes", "scheduling"),
    Setting("RestrictSUIDSGID", "yes"),
    Setting("SystemCallArchitectures", "native"),
    Setting("SystemCallErrorNumber", "EPERM", "syscalls"),
    Setting("SystemCallFilter", _SYSCALLS, "syscalls"),
    Setting("SystemCallFilter", "~@privileged", "privileges"),
    Setting("SystemCallFilter", "~@resources", "scheduling"),
    Setting("UMask", "0077"),
    Setting("CapabilityBoundingSet", "", needs_privilege=True),
    Setting("PrivateDevices", "yes", "devices", needs_privilege=True),
    Setting("PrivateTmp", "yes", "temp", needs_privilege=True),
    Setting("ProcSubset", "pid", "proc", needs_privilege=True),
    Setting("ProtectClock", "yes", "devices", needs_privilege=True),
    Setting("ProtectControlGroups", "yes", needs_privilege=True),
    Setting("ProtectHome", "yes", "home", needs_privilege=True),
    Setting("ProtectHostname", "yes", needs_privilege=True),
    Setting("ProtectKernelLogs", "yes", needs_privilege=True),
    Setting("ProtectKernelModules", "yes", needs_privilege=True),
    Setting("ProtectKernelTunables", "yes", needs_privilege=True),
    Setting("ProtectProc", "invisible", "proc", needs_privilege=True),
    Setting("ProtectSystem", "strict", "filesystem", "full", needs_privilege=True),
    Setting("RemoveIPC", "yes", needs_privilege=True),
)


def sandbox(relax: Collection[str], *, is_system: bool) -> tuple[str, ...]:
    """Return the lines of a unit's sandbox, without the parts that `relax` names."""
    lines: list[str] = []
    for row in SANDBOX:
        if row.needs_privilege and not is_system:
            continue
        if row.key == "SystemCallFilter" and "syscalls" in relax:
            continue  # a deny list alone would allow every other call
        value = row.relaxed if row.relaxed_by in relax else row.value
        if value is not None:
            lines.append(f"{row.key}={value}")
    return tuple(lines)
