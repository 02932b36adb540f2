"""How this system's processes reach each other."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from bgsvc._ipc.address import Address
    from bgsvc._ipc.frames import Stream

    class Listener(Protocol):
        """Where others connect."""

        def accept(self) -> tuple[Stream, Callable[[], None]]:
            """Wait for somebody; OSError if that failed or it is over.

            The function raises NotAllowedError if it is one who has no business here.
            """
            ...

        def close(self) -> None:
            """Wait for nobody any more."""

        def forget(self) -> None:
            """Let go, in a fork's child, of what belongs to the parent."""


def listen(address: Address, patience: float) -> Listener:
    """Begin to listen; a read or write of a connection fails after `patience` seconds."""
    if sys.platform == "win32":
        from bgsvc._ipc import pipe as transport
    else:
        from bgsvc._ipc import unix as transport
    return transport.listen(address, patience)


def dial(address: Address, timeout: float) -> Stream:
    """Connect to the daemon that listens at `address`."""
    if sys.platform == "win32":
        from bgsvc._ipc import pipe as transport
    else:
        from bgsvc._ipc import unix as transport
    return transport.dial(address, timeout)
