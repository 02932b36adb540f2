import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from bgsvc._engine.timers import LockQueue


@contextmanager
def somebody_has(lock: threading.RLock) -> Generator[None]:
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            enough.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(20)
    try:
        yield
    finally:
        enough.set()
        thread.join(20)


def test_actions_that_wait_for_a_lock_run_in_order() -> None:
    done: list[str] = []
    waiting: list[Callable[[], None]] = []
    lock = threading.RLock()
    lock_queue = LockQueue(lock, waiting.append)

    with somebody_has(lock):
        lock_queue.submit(lambda: done.append("warning"))
        lock_queue.submit(lambda: done.append("end"))
        assert done == []
    waiting.pop()()

    assert done == ["warning", "end"]
    waiting.pop()()
    assert done == ["warning", "end"]


def test_action_with_a_free_lock_runs_after_the_waiting_ones() -> None:
    done: list[str] = []
    waiting: list[Callable[[], None]] = []
    lock = threading.RLock()
    lock_queue = LockQueue(lock, waiting.append)

    with somebody_has(lock):
        lock_queue.submit(lambda: done.append("first"))
    lock_queue.submit(lambda: done.append("second"))

    assert done == ["first", "second"]


def test_action_that_raises_affects_no_other() -> None:
    done: list[str] = []
    waiting: list[Callable[[], None]] = []
    lock = threading.RLock()
    lock_queue = LockQueue(lock, waiting.append)

    def fail() -> None:
        raise OSError("no space")

    with somebody_has(lock):
        lock_queue.submit(fail)
        lock_queue.submit(lambda: done.append("second"))
    with pytest.raises(OSError, match="no space"):
        waiting.pop()()
    waiting.pop()()

    assert done == ["second"]
