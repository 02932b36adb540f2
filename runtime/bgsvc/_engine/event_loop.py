"""The event loop of one run, and the end of everything a service leaves in it."""

from __future__ import annotations

import asyncio
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class RunLoop:
    """Runs a service's hooks, one after another, in the thread that makes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._process = os.getpid()
        self._task: asyncio.Task[object] | None = None
        asyncio.set_event_loop(loop)

    def schedule(self, awaitable: Awaitable[object]) -> None:
        """Schedule what `drive` runs next."""
        self._task = self._loop.create_task(self._await(awaitable))

    async def _await(self, awaitable: Awaitable[object]) -> object:
        """Await it; a child that it forked leaves here, for the loop is its parent's.

        From Python 3.14 on the child's loop would drop the exception and go on.
        """
        raised: BaseException | None = None
        try:
            return await awaitable
        except BaseException as error:
            raised = error
            raise
        finally:
            if os.getpid() != self._process:
                from bgsvc._engine.forked_child import leave

                leave(raised)

    def drive(self) -> None:
        """Run what is scheduled to its end, and raise what it raises."""
        task, loop = self._task, self._loop
        try:
            if task is not None:
                loop.run_until_complete(task)
        except BaseException:
            self._cancel_task()
            raise
        finally:
            self._task = None

    def _cancel_task(self) -> None:
        """End the task: a `SystemExit` in another task ends the loop, but not this one."""
        task = self._task
        while task is not None and not task.done():
            task.cancel()
            try:
                self._loop.run_until_complete(task)
            except BaseException as error:  # noqa: BLE001 - the first error is the one that counts
                del error

    def cancel(self) -> None:
        """Cancel the task, from any thread."""
        task = self._task
        if task is not None:
            self._loop.call_soon_threadsafe(task.cancel)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Call `callback` in the loop, from any thread; a blocked loop never calls it."""
        self._loop.call_soon_threadsafe(callback)

    def end_all(self) -> None:
        """End the tasks the service left here, and wait for its threads."""
        loop = self._loop
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        self._end_threads()

    def _end_threads(self) -> None:
        """Wait for what the service still runs in `asyncio.to_thread`."""
        try:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        except RuntimeError:  # there is no thread to wait in
            executor = getattr(self._loop, "_default_executor", None)
            if executor is not None:
                executor.shutdown(wait=True)

    def close(self) -> None:
        """Close the loop."""
        asyncio.set_event_loop(None)
        self._loop.close()
