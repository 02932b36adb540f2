"""The version of the runtime, and that of the messages it exchanges with hosts and peers."""

__version__ = "0.1.0"

PROTOCOL_VERSION = 1
"""The bridge protocol this runtime speaks; generated shims name the one they need."""
