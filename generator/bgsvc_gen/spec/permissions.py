"""What a UI or peer may ask of the bridge, and what it may ask by default."""

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
"""Life cycle and reading."""

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
"""All there are; those that change the system are given only by name."""
