"""The data that every other room shares: enums, errors, configuration, events, status."""

__version__ = "0.1.0"

PROTOCOL_VERSION = 1
"""The bridge protocol this runtime speaks; generated shims name the one they need."""
