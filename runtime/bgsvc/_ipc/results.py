"""What a daemon's results say, as the same records that the module functions return."""

from __future__ import annotations

from bgsvc._lite.guards import is_array, is_number, is_object
from bgsvc._model.enums import Guarantee, NativeState, ServiceState, StartReason, StopReason
from bgsvc._model.errors import IpcError, from_wire
from bgsvc._model.event import Event
from bgsvc._model.snapshot import RunRecord
from bgsvc._model.status import DesiredState, ServiceStatus, StartResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from bgsvc._model.enums import StrEnum
    from bgsvc._model.platform_reports import PlatformCapabilities, SetupReport

    _W = TypeVar("_W", bound=StrEnum)


def start_result(value: object) -> StartResult:
    """Read the result of `start`."""
    read = _Fields(value)
    return StartResult(
        service=read.text("service"),
        run=int(read.number("run")),
        reason=read.word("reason", StartReason),
        accepted_by=read.text("acceptedBy"),
        scheduled=read.number("scheduled"),
        degraded=tuple(from_wire(one.fields) for one in read.tables("degraded")),
    )


def status(value: object) -> ServiceStatus:
    """Read the result of `state` or `stop`."""
    read = _Fields(value)
    error = read.table_or_none("lastError")
    return ServiceStatus(
        service=read.text("service"),
        state=read.word("state", ServiceState),
        run=int(read.number("run")),
        desired_running=read.flag_or_none("desiredRunning"),
        native_state=read.word_or_none("nativeState", NativeState),
        start_reason=read.word_or_none("startReason", StartReason),
        stop_reason=read.word_or_none("stopReason", StopReason),
        overdue=read.flag_or_none("overdue") is True,
        restart_in=read.number_or_none("restartIn"),
        remaining=read.number_or_none("remaining"),
        last_error=None if error is None else from_wire(error.fields),
        history=tuple(_run(one) for one in read.tables("history")),
    )


def desired(value: object) -> DesiredState:
    """Read the result of `desired` or `wish`."""
    read = _Fields(value)
    return DesiredState(read.text("service"), read.flag_or_none("running"), read.number("since"))


def capabilities(value: object) -> PlatformCapabilities:
    """Read the result of `capabilities`."""
    from bgsvc._model.platform_reports import Capability, PlatformCapabilities

    read = _Fields(value)
    scenarios = {name: _Fields(one) for name, one in read.table("scenarios").fields.items()}
    return PlatformCapabilities(
        platform=read.text("platform"),
        mode=read.text("mode"),
        types=read.texts("types"),
        scenarios={
            name: Capability(one.word("level", Guarantee), one.text("reason"), one.texts("needs"))
            for name, one in scenarios.items()
        },
    )


def setup_report(value: object) -> SetupReport:
    """Read the result of `validate`."""
    from bgsvc._model.platform_reports import SetupIssue, SetupReport

    issues = _Fields(value).tables("issues")
    words = ("code", "severity", "message", "fix")
    return SetupReport(tuple(SetupIssue(*(one.text(word) for word in words)) for one in issues))


def running(value: object) -> bool:
    """Read the result of `running`."""
    if not is_object(value):
        raise _nonsense(value)
    return value.get("running") is True


def event(message: object) -> Event:
    """Read an `event` message."""
    read = _Fields(message)
    return Event(
        service=read.text("service"),
        run=int(read.number("run")),
        seq=int(read.number("seq")),
        time=read.number("time"),
        event=read.text("event"),
        data=read.table("data").fields,
    )


def _run(read: _Fields) -> RunRecord:
    error = read.table_or_none("error")
    return RunRecord(
        run=int(read.number("run")),
        start_reason=read.word("startReason", StartReason),
        started=read.number("started"),
        ended=read.number_or_none("ended"),
        reason=read.word("reason", StopReason),
        error=None if error is None else {key: str(text) for key, text in error.fields.items()},
        forced=read.flag_or_none("forced") is True,
    )


class _Fields:
    """Typed values out of an object that a daemon sent."""

    def __init__(self, value: object) -> None:
        if not is_object(value):
            raise _nonsense(value)
        self.fields = value

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        if not isinstance(value, str):
            raise _nonsense(self.fields, key)
        return value

    def number(self, key: str) -> float:
        value = self.fields.get(key)
        if not is_number(value):
            raise _nonsense(self.fields, key)
        return value

    def number_or_none(self, key: str) -> float | None:
        return None if self.fields.get(key) is None else self.number(key)

    def flag_or_none(self, key: str) -> bool | None:
        value = self.fields.get(key)
        if value is not None and not isinstance(value, bool):
            raise _nonsense(self.fields, key)
        return value

    def word(self, key: str, kind: type[_W]) -> _W:
        try:
            return kind(self.fields.get(key))
        except ValueError:
            raise _nonsense(self.fields, key) from None

    def word_or_none(self, key: str, kind: type[_W]) -> _W | None:
        return None if self.fields.get(key) is None else self.word(key, kind)

    def table(self, key: str) -> _Fields:
        return _Fields(self.fields.get(key))

    def table_or_none(self, key: str) -> _Fields | None:
        return None if self.fields.get(key) is None else self.table(key)

    def tables(self, key: str) -> list[_Fields]:
        return [_Fields(one) for one in self._array(key)]

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(str(one) for one in self._array(key))

    def _array(self, key: str) -> list[object]:
        value = self.fields.get(key)
        if not is_array(value):
            raise _nonsense(self.fields, key)
        return value


def _nonsense(value: object, key: str = "") -> IpcError:
    where = f"{key} in " if key else ""
    text = f"the daemon's answer makes no sense: {where}{value!r}"
    return IpcError(text, fix="let daemon and client use the same version of bgsvc")
