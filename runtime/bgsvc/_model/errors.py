"""Every error the runtime raises or reports: one hierarchy whose codes survive every hop."""

from __future__ import annotations

from bgsvc._lite.guards import is_mapping, is_object
from bgsvc._lite.json import decode, safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import ClassVar


class BackgroundServiceError(Exception):
    """Base of every error of this package.

    Attributes:
        code: A stable word for programs; it is the same in Python, JSON, Kotlin and Swift.
        message: What went wrong, for people.
        fix: What to do about it; empty where nobody knows.
    """

    default_code: ClassVar[str] = "unknown"
    default_fix: ClassVar[str] = ""

    def __init__(self, message: str, *, code: str | None = None, fix: str | None = None) -> None:
        super().__init__(message)
        self.code = self.default_code if code is None else code
        self.message = message
        self.fix = self.default_fix if fix is None else fix

    def to_wire(self) -> dict[str, str]:
        """Return the error as it travels: `code`, `message` and `fix`."""
        return {  # a subclass may never have called our `__init__`
            "code": getattr(self, "code", self.default_code),
            "message": getattr(self, "message", None) or safe_repr(self, str),
            "fix": getattr(self, "fix", self.default_fix),
        }

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.to_wire())


def _rebuilt(cls: type[BackgroundServiceError], wire: dict[str, str]) -> BackgroundServiceError:
    error = cls.__new__(cls, wire["message"])  # a subclass may want other things of its `__init__`
    vars(error).update(wire)
    return error


class AlreadyRunningError(BackgroundServiceError):
    """The service runs already; a run never overlaps another."""

    default_code = "alreadyRunning"
    default_fix = "stop the service first, or leave it running"


class StillStoppingError(BackgroundServiceError):
    """The service was told to stop and its `run` has not ended yet."""

    default_code = "stillStopping"
    default_fix = "wait for the `stopped` event; let `run` return when the shutdown token is set"


class NotRunningError(BackgroundServiceError):
    """There is no run to stop."""

    default_code = "notRunning"
    default_fix = "start the service first"


class InitError(BackgroundServiceError):
    """The service's `init` raised, or its class could not be built."""

    default_code = "init"
    default_fix = "see the log for the traceback of `init`"


class RunError(BackgroundServiceError):
    """The service's `run` raised."""

    default_code = "runtime"
    default_fix = "see the log for the traceback of `run`"


class ShutdownError(BackgroundServiceError):
    """The service's `shutdown` raised after its `run` had ended well."""

    default_code = "shutdown"
    default_fix = "see the log for the traceback of `shutdown`"


class StopTimeoutError(BackgroundServiceError):
    """A run did not end within its stop timeout."""

    default_code = "stopTimeout"
    default_fix = "let `run` watch `ctx.shutdown`, or raise `stop_timeout`"


class QuotaExhaustedError(BackgroundServiceError):
    """The platform's time budget for this kind of service is used up."""

    default_code = "quotaExhausted"
    default_fix = "wait for the window to pass, or for the user to open the app"


class EntryNotFoundError(BackgroundServiceError):
    """An entry such as `notes.sync:SyncService` does not lead to a service class."""

    default_code = "entryNotFound"
    default_fix = "write `package.module:ClassName` and make the module importable"


class ConfigError(BackgroundServiceError):
    """A service's configuration cannot be used."""

    default_code = "configInvalid"
    default_fix = "correct the field the message names"


class UnknownServiceError(BackgroundServiceError):
    """No service of that name is known here."""

    default_code = "unknownService"
    default_fix = "start it once with its class, or check the name"


class UnknownMessageError(BackgroundServiceError):
    """A message of a type this side does not know."""

    default_code = "unknownMessage"
    default_fix = "generate the shim again with the tool version that fits this runtime"


class MessageInvalidError(BackgroundServiceError):
    """A message that cannot be read, or lacks a field."""

    default_code = "messageInvalid"
    default_fix = "compare the message with the golden vectors"


class ProtocolError(BackgroundServiceError):
    """The other side speaks another version of the bridge."""

    default_code = "protocolMismatch"
    default_fix = "generate the shim again with the tool version that fits this runtime"


class NotSupportedError(BackgroundServiceError):
    """This host or platform has no such thing."""

    default_code = "notSupported"


class NotAllowedError(BackgroundServiceError):
    """The spec does not allow this call."""

    default_code = "permissionDenied"
    default_fix = "add the call to `allow` under [permissions] in bgsvc.toml"


class PlatformError(BackgroundServiceError):
    """The operating system refused something."""

    default_code = "platform"


class StateDamagedError(BackgroundServiceError):
    """A state file could not be read; it was set aside and a new one begun."""

    default_code = "stateDamaged"
    default_fix = "the damaged file is kept beside it, for you to look at or delete"


class StateTooNewError(BackgroundServiceError):
    """A state file was written by a newer version; it was set aside and a new one begun."""

    default_code = "stateTooNew"
    default_fix = "upgrade bgsvc and put the file back, or delete it"


class StateNotSavedError(BackgroundServiceError):
    """The desired state could not be written; a reboot may not bring the service back."""

    default_code = "stateNotSaved"
    default_fix = "make room on the disk and check the folder's permissions"


class TaskIdMissingError(BackgroundServiceError):
    """`finish` was called without the id that `before_exit` returned."""

    default_code = "taskIdMissing"
    default_fix = "pass the id that `before_exit` returned"


class TaskNotFoundError(BackgroundServiceError):
    """No such finite task, or it has ended already."""

    default_code = "taskNotFound"
    default_fix = "finish each task once"


class IpcError(BackgroundServiceError):
    """The other process could not be reached or talked nonsense."""

    default_code = "ipc"


class ServiceInstallError(BackgroundServiceError):
    """The operating system's service manager refused an installation."""

    default_code = "serviceInstall"


class ServiceUninstallError(BackgroundServiceError):
    """The operating system's service manager refused an uninstallation."""

    default_code = "serviceUninstall"


def _by_code() -> dict[str, type[BackgroundServiceError]]:
    kinds = BackgroundServiceError.__subclasses__()
    return {kind.default_code: kind for kind in kinds if kind.__module__ == __name__}


def from_wire(fields: Mapping[str, object]) -> BackgroundServiceError:
    """Return the error that `to_wire` made `fields` of; a code unknown here is kept as it is."""
    code = fields.get("code")
    code = code if isinstance(code, str) and code else "unknown"
    fix = fields.get("fix")
    kind = _by_code().get(code, BackgroundServiceError)
    return kind(
        safe_repr(fields.get("message", ""), str),
        code=code,
        fix=fix if isinstance(fix, str) else None,
    )


def describe_error(error: BaseException) -> str:
    """Return `error` as one line: its type, and its text where it has one."""
    name = type(error).__name__
    text = safe_repr(error, str)
    return f"{name}: {text}" if text not in {"", f"<{name}>"} else name


def normalize_background_service_error(error: object) -> BackgroundServiceError:
    """Return anything that was raised, received or read as one of this package's errors.

    Our own errors come back as they are. A mapping, or JSON text of one, with `code` and
    `message` keeps its code. Another exception becomes `runtime`, anything else `unknown`.
    Never raises.
    """
    if isinstance(error, BackgroundServiceError):
        return error if hasattr(error, "fix") else from_wire(error.to_wire())
    if isinstance(error, BaseException):
        wrapped = RunError(describe_error(error))
        wrapped.__cause__ = error
        return wrapped
    if isinstance(error, (str, bytes, bytearray)):
        return _from_text(error if isinstance(error, str) else bytes(error))
    fields = _fields_of(error)
    inner = _fields_of(fields.get("error"))
    return from_wire(
        {"message": safe_repr(error), **(fields if "code" in fields else inner or fields)}
    )


def _fields_of(value: object) -> dict[str, object]:
    """Return what any kind of mapping holds; nothing of anything else."""
    try:
        return dict(value) if is_mapping(value) else {}
    except BaseException:  # noqa: BLE001 - a mapping of somebody else's
        return {}


def _from_text(text: str | bytes) -> BackgroundServiceError:
    try:
        decoded = decode(text)
    except ValueError:
        decoded = None
    if is_object(decoded):
        return normalize_background_service_error(decoded)
    return BackgroundServiceError(text if isinstance(text, str) else text.decode(errors="replace"))
