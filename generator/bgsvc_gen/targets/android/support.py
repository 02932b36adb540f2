"""The support sources: spec-independent Kotlin and C, copied verbatim."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from bgsvc_gen.targets.base import Output

_KOTLIN: Final = PurePosixPath("kotlin/dev/bgsvc")
_JAVA: Final = PurePosixPath("java/dev/bgsvc")
_CPP: Final = PurePosixPath("cpp")
_DRAWABLE: Final = PurePosixPath("res/drawable")

_BUILD: Final = ("bgsvc.gradle", "bgsvc-rules.pro")
"""The script that adds the source set to an app's Gradle build."""

_COMMON: Final = (
    _KOTLIN / "AppState.kt",
    _KOTLIN / "Bgsvc.kt",
    _KOTLIN / "BgsvcEnums.kt",
    _KOTLIN / "BgsvcEvent.kt",
    _KOTLIN / "BgsvcProcess.kt",
    _KOTLIN / "BootReceiver.kt",
    _KOTLIN / "DeclaredService.kt",
    _KOTLIN / "FiniteTask.kt",
    _KOTLIN / "FiniteTaskJob.kt",
    _KOTLIN / "FiniteTaskService.kt",
    _KOTLIN / "FiniteTasks.kt",
    _KOTLIN / "ForegroundService.kt",
    _KOTLIN / "JobRequests.kt",
    _KOTLIN / "JobRunService.kt",
    _KOTLIN / "LastExit.kt",
    _KOTLIN / "Notifications.kt",
    _KOTLIN / "PythonBridge.kt",
    _KOTLIN / "PythonHost.kt",
    _KOTLIN / "RunState.kt",
    _KOTLIN / "RunTransition.kt",
    _KOTLIN / "RunWakeLock.kt",
    _KOTLIN / "ServiceDefinition.kt",
    _KOTLIN / "ServiceRuns.kt",
    _KOTLIN / "ServiceStateStore.kt",
    _JAVA / "TimeLimitedService.java",
    _DRAWABLE / "bgsvc_notification.xml",
)

_BY_HOST: Final[Mapping[str, tuple[PurePosixPath, ...]]] = {
    "chaquopy": (_KOTLIN / "ChaquopyHost.kt",),
    "cpython": (
        _KOTLIN / "AssetPythonFiles.kt",
        _KOTLIN / "CPythonHost.kt",
        _KOTLIN / "PythonFiles.kt",
        _CPP / "CMakeLists.txt",
        _CPP / "bgsvc_python.c",
    ),
}


def support_files(root: PurePosixPath, hosts: Iterable[str]) -> Iterator[Output]:
    """Yield the sources that services need under the source set `root`, with Python by `hosts`."""
    for name in _BUILD:
        yield Output(PurePosixPath(name), f"android/support/{name}")
    for path in (*_COMMON, *(path for host in hosts for path in _BY_HOST[host])):
        yield Output(root / path, f"android/support/{path.name}")
