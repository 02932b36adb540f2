"""Errors keep their code and text on every way, and making one of anything never fails."""

import pickle
import types
from collections import UserDict
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

import bgsvc
from bgsvc import (
    BackgroundService,
    BackgroundServiceError,
    ServiceConfig,
    ServiceContext,
    StopReason,
    normalize_background_service_error,
)
from bgsvc._app.validate import validate_setup
from bgsvc._model.errors import ConfigError, NotRunningError
from bgsvc.testing import FakeHost


class MineError(BackgroundServiceError):
    default_code: ClassVar[str] = "mine"
    default_fix: ClassVar[str] = "get a token"


class ShapedError(BackgroundServiceError):
    """An app's error with an `__init__` of its own, which does not call ours."""

    def __init__(self, status: int, *, url: str) -> None:
        self.status, self.url = status, url


class Unspeakable:
    def __repr__(self) -> str:
        raise ValueError("x")


class QuittingError(Exception):
    def __init__(self, raised: BaseException) -> None:
        self.raised = raised

    def __str__(self) -> str:
        raise self.raised


class BrokenMapping(UserDict[str, object]):
    def keys(self) -> object:  # type: ignore[override]
        raise SystemExit


class YieldingService(BackgroundService):
    def run(self, ctx: ServiceContext) -> object:
        yield ctx


class AsyncYieldingService(BackgroundService):
    async def run(self, ctx: ServiceContext) -> object:
        yield ctx


def nested(depth: int) -> dict[str, object]:
    outer: dict[str, object] = {}
    for _ in range(depth):
        outer = {"error": outer}
    return outer


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (Unspeakable(), "unknown"),
        ({"x": Unspeakable()}, "unknown"),
        ({"code": "mine", "message": Unspeakable()}, "mine"),
        (nested(100_000), "unknown"),
        ("[" * 100_000, "unknown"),
        (QuittingError(SystemExit(3)), "runtime"),
        (QuittingError(KeyboardInterrupt()), "runtime"),
        (BrokenMapping({"code": "mine"}), "unknown"),
        (UserDict({"code": "mine"}), "mine"),
        (types.MappingProxyType({"error": {"code": "notRunning"}}), "notRunning"),
        (bytearray(b'{"code": "notRunning"}'), "notRunning"),
        ({"message": "m"}, "unknown"),
        ({"code": 5}, "unknown"),
        (None, "unknown"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:10],
)
def test_anything_at_all_becomes_an_error(given: object, code: str) -> None:
    error = normalize_background_service_error(given)

    assert error.code == code
    assert all(isinstance(value, str) for value in error.to_wire().values())


def test_a_code_of_ours_becomes_our_class_and_never_an_apps() -> None:
    assert type(normalize_background_service_error({"code": "notRunning"})) is NotRunningError
    assert type(normalize_background_service_error({"code": "mine"})) is BackgroundServiceError


def test_an_error_that_never_called_our_init_has_all_that_is_asked_of_it() -> None:
    error = ShapedError(403, url="/")

    assert error.to_wire() == {"code": "unknown", "message": "403", "fix": ""}
    copy: object = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert isinstance(copy, ShapedError)
    assert copy.to_wire() == error.to_wire()


@pytest.mark.parametrize(
    ("raised", "wire"),
    [
        (MineError("no token"), {"code": "mine", "message": "no token", "fix": "get a token"}),
        (
            BackgroundServiceError("none", code="licence", fix="buy"),
            {"code": "licence", "message": "none", "fix": "buy"},
        ),
        (ShapedError(403, url="/"), {"code": "unknown", "message": "403", "fix": ""}),
    ],
    ids=["subclass", "code", "shaped"],
)
@pytest.mark.parametrize("hook", ["init", "run", "shutdown"])
def test_a_typed_error_of_a_service_keeps_its_code_text_and_fix(
    host: FakeHost, hook: str, raised: BackgroundServiceError, wire: Mapping[str, str]
) -> None:
    class Failing(BackgroundService):
        def init(self, ctx: ServiceContext) -> None:
            self.fail_in("init")

        def run(self, ctx: ServiceContext) -> None:
            self.fail_in("run")

        def shutdown(self, ctx: ServiceContext, reason: object) -> None:
            self.fail_in("shutdown")

        @staticmethod
        def fail_in(here: str) -> None:
            if here == hook:
                raise raised

    host.start(Failing)
    state = host.state()

    assert host.events("error")[0].data == wire
    assert state.last_error is not None
    assert state.last_error.to_wire() == wire
    assert state.history[-1].error == wire


def test_the_log_names_the_service_and_the_run_that_failed(
    host: FakeHost, caplog: pytest.LogCaptureFixture
) -> None:
    class FailingService(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            raise ValueError("x")

    host.start(FailingService)
    host.events()

    assert "run 1 of failing failed" in caplog.messages


def test_a_run_with_a_yield_is_an_error_and_not_done(host: FakeHost) -> None:
    for service in (YieldingService, AsyncYieldingService):
        host.start(service)
    for name in ("yielding", "async-yielding"):
        error = host.events("error", name)[0].data

        assert (error["code"], "`yield`" in str(error["fix"])) == ("runtime", True)
        assert host.events("stopped", name)[0].data["reason"] == "error"
        assert host.desired.get(name) is not False


def test_nobody_stops_a_service_with_the_reason_that_a_failed_run_has(host: FakeHost) -> None:
    class Steady(BackgroundService):
        def run(self, ctx: ServiceContext) -> None:
            ctx.shutdown.wait()

    host.start(Steady)
    with pytest.raises(ConfigError, match="error"):
        bgsvc.stop_service(reason=StopReason.ERROR)

    assert bgsvc.is_service_running()


def test_validate_tells_of_a_run_with_a_yield(host: FakeHost, tmp_path: Path) -> None:
    config = ServiceConfig(name="yielding", entry=f"{__name__}:YieldingService")
    report = validate_setup([config], host, str(tmp_path))

    assert "run_yields" in {issue.code for issue in report.issues}
