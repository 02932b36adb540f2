"""The Python side of a background service on Android, iOS, Linux, macOS and Windows.

Importing this package costs next to nothing: each name is loaded when it is first used.
"""

__version__ = "0.1.0"

PROTOCOL_VERSION = 1
"""The bridge protocol this runtime speaks; generated shims name the one they need."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._api import (
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
    from bgsvc._capabilities import Capability, PlatformCapabilities
    from bgsvc._cli import serve_if_asked
    from bgsvc._config import RestartPolicy, ServiceConfig
    from bgsvc._context import ServiceContext
    from bgsvc._current import configure
    from bgsvc._errors import BackgroundServiceError, normalize_background_service_error
    from bgsvc._events import Event
    from bgsvc._finite import FiniteTask
    from bgsvc._host_words import AppState, Guarantee, NativeState
    from bgsvc._ipc._async import AsyncConnection, connect_async
    from bgsvc._ipc._client import Connection, connect
    from bgsvc._notifier import Notifier
    from bgsvc._os.api import (
        get_os_service_status,
        install_service,
        restart_os_service,
        start_os_service,
        stop_os_service,
        uninstall_service,
    )
    from bgsvc._os.service import LastExit, OsService, OsServiceState, OsServiceStatus, Scope
    from bgsvc._service import BackgroundService
    from bgsvc._state import RunRecord
    from bgsvc._status import DesiredState, ServiceStatus, StartResult
    from bgsvc._token import ShutdownToken
    from bgsvc._validate import SetupIssue, SetupReport
    from bgsvc._words import OnTimeout, RestartOn, ServiceState, StartReason, StopReason

__all__ = [
    "PROTOCOL_VERSION",
    "AppState",
    "AsyncConnection",
    "BackgroundService",
    "BackgroundServiceError",
    "Capability",
    "Connection",
    "DesiredState",
    "Event",
    "FiniteTask",
    "Guarantee",
    "LastExit",
    "NativeState",
    "Notifier",
    "OnTimeout",
    "OsService",
    "OsServiceState",
    "OsServiceStatus",
    "PlatformCapabilities",
    "RestartOn",
    "RestartPolicy",
    "RunRecord",
    "Scope",
    "ServiceConfig",
    "ServiceContext",
    "ServiceState",
    "ServiceStatus",
    "SetupIssue",
    "SetupReport",
    "ShutdownToken",
    "StartReason",
    "StartResult",
    "StopReason",
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
    "_api": (
        "before_exit disable_auto_restart enable_auto_restart finish finite_task "
        "get_desired_service_state get_platform_capabilities "
        "get_service_state is_service_running on_app_state_change "
        "on_plugin_event replay_desired_state report_app_state "
        "send_message start_service stop_service "
        "validate_background_service_setup"
    ),
    "_capabilities": "Capability PlatformCapabilities",
    "_cli": "serve_if_asked",
    "_config": "RestartPolicy ServiceConfig",
    "_context": "ServiceContext",
    "_current": "configure",
    "_errors": "BackgroundServiceError normalize_background_service_error",
    "_events": "Event",
    "_finite": "FiniteTask",
    "_host_words": "AppState Guarantee NativeState",
    "_ipc._async": "AsyncConnection connect_async",
    "_ipc._client": "Connection connect",
    "_notifier": "Notifier",
    "_os.api": (
        "get_os_service_status install_service restart_os_service start_os_service "
        "stop_os_service uninstall_service"
    ),
    "_os.service": "LastExit OsService OsServiceState OsServiceStatus Scope",
    "_service": "BackgroundService",
    "_state": "RunRecord",
    "_status": "DesiredState ServiceStatus StartResult",
    "_token": "ShutdownToken",
    "_validate": "SetupIssue SetupReport",
    "_words": "OnTimeout RestartOn ServiceState StartReason StopReason",
}


if not TYPE_CHECKING:  # a checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        """Load a public name from the module it lives in, once."""
        for module, names in _HOMES.items():
            if name in names.split():
                home = __import__(f"bgsvc.{module}", fromlist=(name,))
                value: object = getattr(home, name)
                globals()[name] = value
                return value
        raise AttributeError(f"module 'bgsvc' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
