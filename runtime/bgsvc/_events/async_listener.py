"""Listeners that are `async def`: in the loop they were added from, else in one of their own."""

from __future__ import annotations

import asyncio
from functools import partial

from bgsvc._lite.guards import is_awaitable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bgsvc._events.ring_buffer import Subscription
    from bgsvc._model.event import Event


def hand_over(
    listener: Subscription,
    first: Awaitable[object],
    rest: list[Event],
    done: Callable[[], None],
) -> bool:
    """Await a call already made, then make and await those for `rest`.

    Returns True if that goes on in the listener's own loop; then `done` is called at its end.
    """
    work = _call_all(listener, first, rest)
    if listener.loop is None:
        try:
            asyncio.run(work)
        except BaseException:  # noqa: BLE001 - a listener's failure is its own
            listener.log_failure()
        return False
    try:
        future = asyncio.run_coroutine_threadsafe(work, listener.loop)
    except RuntimeError:  # its loop has been closed: nobody is there to listen
        work.close()
        close: object = getattr(first, "close", None)
        if callable(close):
            close()
        listener.close()
        return False
    future.add_done_callback(lambda _: done())
    return True


async def _call_all(listener: Subscription, first: Awaitable[object], rest: list[Event]) -> None:
    await _call(listener, lambda: first)
    for event in rest:
        await _call(listener, partial(listener.callback, event))


async def _call(listener: Subscription, call: Callable[[], object]) -> None:
    try:
        result = call()
        if is_awaitable(result):
            await result
    except GeneratorExit:  # the loop is being closed
        raise
    except BaseException:  # noqa: BLE001 - a listener's failure is its own, a cancelled one too
        listener.log_failure()
