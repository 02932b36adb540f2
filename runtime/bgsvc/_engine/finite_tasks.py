"""Work that may finish after the app leaves the front, for as long as the platform lets it."""

from __future__ import annotations

import threading

from bgsvc._lite.guards import is_awaitable
from bgsvc._model.errors import TaskIdMissingError, TaskNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from bgsvc._engine.ports import Ports

EXPIRY_TIMEOUT_S = 1.0
"""Seconds that `on_expire` callbacks have where the platform sets no limit."""


class FiniteTask:
    """A piece of work with an end; use it in a `with`.

    Attributes:
        id: The argument of `finish`.
        name: Its name in logs and, on iOS, in the debugger.
        expired: Whether the platform's time ran out before the task ended.
    """

    def __init__(self, tasks: FiniteTasks, task_id: str, name: str) -> None:
        self.id = task_id
        self.name = name
        self.expired = False
        self._tasks = tasks
        self._callbacks: list[Callable[[], object]] = []

    def remaining(self) -> float | None:
        """Return the seconds the platform still grants; None while it sets no limit."""
        return self._tasks.remaining()

    def on_expire(self, callback: Callable[[], object]) -> None:
        """Call `callback` when time runs out, or now if it has; it must be quick."""
        if not self._tasks.add_callback(self, self._callbacks, callback):
            self._call_back(callback)

    def tell(self) -> None:
        """Call the callbacks of `on_expire`."""
        for callback in list(self._callbacks):
            self._call_back(callback)

    def _call_back(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except BaseException:  # a `SystemExit` too
            import logging

            logging.getLogger("bgsvc").exception("%s: on_expire failed", self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tasks.end(self)


class FiniteTasks:
    """All finite tasks of a process."""

    def __init__(self, ports: Ports, report: Callable[[FiniteTask, int], None]) -> None:
        """Begin with no task; `report` gets each task that expires, and how many have."""
        self._ports = ports
        self._report = report
        self._lock = threading.Lock()
        self._open: dict[str, FiniteTask] = {}
        self._count = 0
        self._deadline: float | None = None
        self._all_ended = ports.clock.new_event()
        self.expired_count = 0

    def begin(self, name: str) -> FiniteTask:
        """Ask the platform for time, and return the task that has it."""
        self._ports.clock.make_ready()
        with self._lock:
            self._count += 1
            task = FiniteTask(self, f"task-{self._count}", name)
            self._open[task.id] = task
        self._ports.host.finite_task("begin", task.id, name)
        return task

    def before_exit(self, callback: Callable[[str], object], name: str) -> str:
        """Begin a task and call `callback` with its id, in a thread of its own."""
        task = self.begin(name)

        def work() -> None:
            try:
                result = callback(task.id)
                if is_awaitable(result):
                    self._run_awaitable(result)
            except BaseException:
                import logging

                logging.getLogger("bgsvc").exception("%s failed", name)
                self.end(task)

        self._ports.clock.spawn(work, f"bgsvc-{task.id}")
        return task.id

    def finish(self, task_id: str) -> None:
        """End a task by its id.

        Raises:
            TaskIdMissingError: If the id is empty.
            TaskNotFoundError: If there is no such task, or it has ended.
        """
        if not task_id:
            raise TaskIdMissingError("finish needs the id that before_exit returned")
        with self._lock:
            task = self._open.get(task_id)
        if task is None or not self.end(task):
            raise TaskNotFoundError(f"no finite task {task_id!r} is under way")

    def end(self, task: FiniteTask) -> bool:
        """End a task and the platform's time for it; False if it has ended."""
        with self._lock:
            if self._open.pop(task.id, None) is None:
                return False
            if not self._open:
                self._all_ended.set()
        self._ports.host.finite_task("end", task.id, task.name)
        return True

    def expire(self, task_id: str) -> None:
        """Call a task's `on_expire` callbacks and end it, because the platform's time is up.

        Raises:
            TaskNotFoundError: If there is no such task, or it has ended.
        """
        with self._lock:
            task = self._open.get(task_id)
            if task is None or task.expired:
                raise TaskNotFoundError(f"no finite task {task_id!r} is under way")
            task.expired = True
            self.expired_count += 1
            count = self.expired_count
        self._report(task, count)

        def end_late() -> None:
            self.end(task)

        late = self._ports.clock.call_later(self.remaining() or EXPIRY_TIMEOUT_S, end_late)

        def tell() -> None:
            task.tell()
            late.cancel()
            self.end(task)

        try:
            self._ports.clock.spawn(tell, f"bgsvc-{task.id}-expiry")
        except RuntimeError:  # the interpreter is ending and has no thread to give
            self._ports.clock.call_later(0.0, tell)

    def limit(self, seconds: float | None) -> None:
        """Set the seconds that the platform grants the open tasks; None for no limit."""
        self._deadline = None if seconds is None else self._ports.clock.uptime() + seconds

    def remaining(self) -> float | None:
        """Return the seconds the platform still grants; None while it sets no limit."""
        deadline = self._deadline
        return None if deadline is None else max(0.0, deadline - self._ports.clock.uptime())

    def add_callback(
        self,
        task: FiniteTask,
        callbacks: list[Callable[[], object]],
        callback: Callable[[], object],
    ) -> bool:
        """Add a callback for a task's expiry; False if it has expired."""
        with self._lock:
            if task.expired:
                return False
            callbacks.append(callback)
            return True

    def wait_all(self, grace: float) -> None:
        """Give open tasks `grace` seconds, then expire the ones still open."""
        with self._lock:
            waiting = bool(self._open)
            self._all_ended = self._ports.clock.new_event()
        if not waiting:
            return
        self.limit(grace)
        if self._all_ended.wait(grace):
            return
        with self._lock:
            open_ids = [task.id for task in self._open.values() if not task.expired]
        for task_id in open_ids:
            try:
                self.expire(task_id)
            except TaskNotFoundError:
                continue  # it has just ended
        self._all_ended.wait(EXPIRY_TIMEOUT_S)
        with self._lock:
            stuck = list(self._open.values())
        for task in stuck:
            self.end(task)

    def _run_awaitable(self, work: object) -> None:
        import asyncio

        async def await_work() -> None:
            if is_awaitable(work):
                await work

        loop = self._ports.clock.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(await_work())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
