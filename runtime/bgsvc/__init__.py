"""The Python side of a background service on Android, iOS, Linux, macOS and Windows.

Importing this package costs next to nothing: each name is loaded when it is first used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._app.api import (
        before_exit,
        disable_auto_restart,
        enable_auto_restart,
        finish,
        finite_task,
        get_desired_service_state,
        get_platform_capabilities,
        get_service_state,
        is_service_running,
        on_app_state_change,
        on_plugin_event,
        replay_desired_state,
        report_app_state,
        send_message,
        start_service,
        stop_service,
        validate_background_service_setup,
    )
    from bgsvc._app.current import configure
    from bgsvc._cli.main import serve_if_asked
    from bgsvc._engine.finite_tasks import FiniteTask
    from bgsvc._ipc.async_client import AsyncConnection, connect_async
    from bgsvc._ipc.client import Connection, connect
    from bgsvc._model import PROTOCOL_VERSION, __version__
    from bgsvc._model.config import RestartPolicy, ServiceConfig
    from bgsvc._model.enums import (
        AppState,
        Guarantee,
        NativeState,
        OnTimeout,
        RestartOn,
        ServiceState,
        StartReason,
        StopReason,
    )
    from bgsvc._model.errors import (
        AlreadyRunningError,
        BackgroundServiceError,
        ConfigError,
        EntryNotFoundError,
        InitError,
        IpcError,
        MessageInvalidError,
        NotAllowedError,
        NotRunningError,
        NotSupportedError,
        PlatformError,
        ProtocolError,
        QuotaExhaustedError,
        RunError,
        ServiceInstallError,
        ServiceUninstallError,
        ShutdownError,
        StateDamagedError,
        StateNotSavedError,
        StateTooNewError,
        StillStoppingError,
        StopTimeoutError,
        TaskIdMissingError,
        TaskNotFoundError,
        UnknownMessageError,
        UnknownServiceError,
        normalize_background_service_error,
    )
    from bgsvc._model.event import Event
    from bgsvc._model.platform_reports import (
        Capability,
        PlatformCapabilities,
        SetupIssue,
        SetupReport,
    )
    from bgsvc._model.snapshot import RunRecord
    from bgsvc._model.status import DesiredState, ServiceStatus, StartResult
    from bgsvc._os.api import (
        get_os_service_status,
        install_service,
        restart_os_service,
        start_os_service,
        stop_os_service,
        uninstall_service,
    )
    from bgsvc._os.errors import (
        DefinitionError,
        NeedsRootError,
        NoServiceManagerError,
        NotInstalledError,
        OsServiceError,
        OsServiceTimeoutError,
        ProgramError,
    )
    from bgsvc._os.service import LastExit, OsService, OsServiceState, OsServiceStatus, Scope
    from bgsvc._service.context import ServiceContext
    from bgsvc._service.notifier import Notifier
    from bgsvc._service.service import BackgroundService
    from bgsvc._service.shutdown import ShutdownToken

__all__ = [
    "PROTOCOL_VERSION",
    "AlreadyRunningError",
    "AppState",
    "AsyncConnection",
    "BackgroundService",
    "BackgroundServiceError",
    "Capability",
    "ConfigError",
    "Connection",
    "DefinitionError",
    "DesiredState",
    "EntryNotFoundError",
    "Event",
    "FiniteTask",
    "Guarantee",
    "InitError",
    "IpcError",
    "LastExit",
    "MessageInvalidError",
    "NativeState",
    "NeedsRootError",
    "NoServiceManagerError",
    "NotAllowedError",
    "NotInstalledError",
    "NotRunningError",
    "NotSupportedError",
    "Notifier",
    "OnTimeout",
    "OsService",
    "OsServiceError",
    "OsServiceState",
    "OsServiceStatus",
    "OsServiceTimeoutError",
    "PlatformCapabilities",
    "PlatformError",
    "ProgramError",
    "ProtocolError",
    "QuotaExhaustedError",
    "RestartOn",
    "RestartPolicy",
    "RunError",
    "RunRecord",
    "Scope",
    "ServiceConfig",
    "ServiceContext",
    "ServiceInstallError",
    "ServiceState",
    "ServiceStatus",
    "ServiceUninstallError",
    "SetupIssue",
    "SetupReport",
    "ShutdownError",
    "ShutdownToken",
    "StartReason",
    "StartResult",
    "StateDamagedError",
    "StateNotSavedError",
    "StateTooNewError",
    "StillStoppingError",
    "StopReason",
    "StopTimeoutError",
    "TaskIdMissingError",
    "TaskNotFoundError",
    "UnknownMessageError",
    "UnknownServiceError",
    "__version__",
    "before_exit",
    "configure",
    "connect",
    "connect_async",
    "disable_auto_restart",
    "enable_auto_restart",
    "finish",
    "finite_task",
    "get_desired_service_state",
    "get_os_service_status",
    "get_platform_capabilities",
    "get_service_state",
    "install_service",
    "is_service_running",
    "normalize_background_service_error",
    "on_app_state_change",
    "on_plugin_event",
    "replay_desired_state",
    "report_app_state",
    "restart_os_service",
    "send_message",
    "serve_if_asked",
    "start_os_service",
    "start_service",
    "stop_os_service",
    "stop_service",
    "uninstall_service",
    "validate_background_service_setup",
]

_HOMES = {
    "_app.api": (
        "before_exit disable_auto_restart enable_auto_restart finish finite_task "
        "get_desired_service_state get_platform_capabilities "
        "get_service_state is_service_running on_app_state_change "
        "on_plugin_event replay_desired_state report_app_state "
        "send_message start_service stop_service "
        "validate_background_service_setup"
    ),
    "_app.current": "configure",
    "_cli.main": "serve_if_asked",
    "_engine.finite_tasks": "FiniteTask",
    "_ipc.async_client": "AsyncConnection connect_async",
    "_ipc.client": "Connection connect",
    "_model.config": "RestartPolicy ServiceConfig",
    "_model.enums": (
        "AppState Guarantee NativeState OnTimeout RestartOn ServiceState StartReason StopReason"
    ),
    "_model.errors": (
        "AlreadyRunningError BackgroundServiceError ConfigError EntryNotFoundError "
        "InitError IpcError MessageInvalidError NotAllowedError NotRunningError "
        "NotSupportedError PlatformError ProtocolError QuotaExhaustedError RunError "
        "ServiceInstallError ServiceUninstallError ShutdownError StateDamagedError "
        "StateNotSavedError StateTooNewError StillStoppingError StopTimeoutError "
        "TaskIdMissingError TaskNotFoundError UnknownMessageError UnknownServiceError "
        "normalize_background_service_error"
    ),
    "_model.event": "Event",
    "_model.platform_reports": "Capability PlatformCapabilities SetupIssue SetupReport",
    "_model.snapshot": "RunRecord",
    "_model.status": "DesiredState ServiceStatus StartResult",
    "_model": "PROTOCOL_VERSION __version__",
    "_os.api": (
        "get_os_service_status install_service restart_os_service start_os_service "
        "stop_os_service uninstall_service"
    ),
    "_os.errors": (
        "DefinitionError NeedsRootError NoServiceManagerError NotInstalledError "
        "OsServiceError OsServiceTimeoutError ProgramError"
    ),
    "_os.service": "LastExit OsService OsServiceState OsServiceStatus Scope",
    "_service.context": "ServiceContext",
    "_service.notifier": "Notifier",
    "_service.service": "BackgroundService",
    "_service.shutdown": "ShutdownToken",
}

_ENUM_MODULES = ("_model.enums", "_os.service")
"""A name from these is looked up on every access until `enum.Enum` is a base of their enums."""


if not TYPE_CHECKING:  # a checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        """Load a public name from the module it lives in, once."""
        for module, names in _HOMES.items():
            if name in names.split():
                home = __import__(f"bgsvc.{module}", fromlist=(name,))
                value: object = getattr(home, name)
                if module not in _ENUM_MODULES or _has_adopted_enum():
                    globals()[name] = value
                return value
        raise AttributeError(f"module 'bgsvc' has no attribute {name!r}")

    def _has_adopted_enum() -> bool:
        from bgsvc._lite.enum import adopt_enum

        return adopt_enum()


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
