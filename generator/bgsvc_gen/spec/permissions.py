"""Requests that a user interface or a peer may be permitted, and the defaults."""

from typing import Final

DEFAULT_ALLOW: Final = (
    "start-service",
    "stop-service",
    "is-service-running",
    "get-service-state",
    "get-desired-service-state",
    "get-platform-capabilities",
    "on-plugin-event",
    "validate-setup",
)
"""Permitted by default: the life cycle, and requests that only read."""

PERMISSIONS: Final = (
    *DEFAULT_ALLOW,
    "enable-auto-restart",
    "disable-auto-restart",
    "install-service",
    "uninstall-service",
    "start-os-service",
    "stop-os-service",
    "restart-os-service",
    "get-os-service-status",
)
"""Every permission; those that change the system are never a default."""
