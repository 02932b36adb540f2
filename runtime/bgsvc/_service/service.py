"""The class a user writes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._model.enums import StopReason
    from bgsvc._service.context import ServiceContext


class BackgroundService:
    """A background service: subclass it, write `run`, name it in the spec.

    Each hook may be a plain `def` or an `async def`. One instance lives for one run. A plain
    `run` has a thread of its own; an `async` one has an event loop of its own, which its `init`
    and `shutdown` share.
    """

    def init(self, ctx: ServiceContext) -> object:
        """Prepare the run: it has not `started` before this returns."""

    def run(self, ctx: ServiceContext) -> object:
        """Do the work; return when it is done or when `ctx.shutdown` is set."""
        raise NotImplementedError(f"{type(self).__name__} has no run method")

    def shutdown(self, ctx: ServiceContext, reason: StopReason) -> object:
        """Tidy up after `run` has ended, however it ended, within what is left of the timeout.

        Called once on the instance that ran; not called if `init` raised.
        """
