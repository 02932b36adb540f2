"""The spec as data: the author's values, checked and completed with defaults, before any plan."""

from bgsvc_gen.spec.model.android import (
    Android,
    AndroidHost,
    AndroidKind,
    AndroidLevels,
    Importance,
    Job,
    Notification,
    TimeoutPolicy,
)
from bgsvc_gen.spec.model.app import (
    App,
    Restart,
    RestartOn,
    Service,
    Spec,
)
from bgsvc_gen.spec.model.desktop import (
    Account,
    Desktop,
    Scope,
    Timer,
    Windows,
)
from bgsvc_gen.spec.model.ios import (
    Continued,
    Ios,
    Processing,
    Refresh,
    Strategy,
)
from bgsvc_gen.spec.model.label import (
    Label,
)

__all__ = [
    "Account",
    "Android",
    "AndroidHost",
    "AndroidKind",
    "AndroidLevels",
    "App",
    "Continued",
    "Desktop",
    "Importance",
    "Ios",
    "Job",
    "Label",
    "Notification",
    "Processing",
    "Refresh",
    "Restart",
    "RestartOn",
    "Scope",
    "Service",
    "Spec",
    "Strategy",
    "TimeoutPolicy",
    "Timer",
    "Windows",
]
