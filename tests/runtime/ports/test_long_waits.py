"""Waits too long for the system are waits all the same, and hold up no other timer."""

import math
import sys
import threading
from typing import Any

import pytest

from bgsvc import RestartPolicy, ServiceConfig
from bgsvc._model.errors import ConfigError
from bgsvc._ports.clock import SystemClock
from tests.runtime.processes import TIMEOUT_S


@pytest.mark.parametrize("seconds", [math.inf, sys.float_info.max, threading.TIMEOUT_MAX * 2])
def test_a_timer_that_is_never_due_holds_up_no_other(seconds: float) -> None:
    clock, due = SystemClock(), threading.Event()
    never = clock.call_later(seconds, due.set)
    clock.call_later(0.01, lambda: None)
    clock.call_later(0.02, due.set)

    assert due.wait(TIMEOUT_S)
    assert not never.cancelled


@pytest.mark.parametrize("seconds", [math.inf, sys.float_info.max, -1.0])
def test_an_event_can_be_waited_for_however_long(seconds: float) -> None:
    event = SystemClock().new_event()
    if seconds > 0:
        threading.Timer(0.01, event.set).start()

    assert event.wait(seconds) is (seconds > 0)


@pytest.mark.parametrize("seconds", [math.inf, math.nan, -1.0, "10"])
@pytest.mark.parametrize("key", ["stop_timeout", "delay", "max_delay", "window"])
def test_a_configuration_with_a_time_that_cannot_be_kept_is_refused(
    key: str, seconds: object
) -> None:
    given: Any = {key: seconds}
    make: Any = ServiceConfig if key == "stop_timeout" else RestartPolicy
    named = {"name": "sync", "entry": "a:B"} if make is ServiceConfig else {}
    with pytest.raises(ConfigError, match=key):
        make(**named, **given)
