"""The end of an app that never asked its services to stop."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bgsvc import BackgroundService, ServiceConfig
from bgsvc._app import current as _current
from bgsvc._app.current import desktop_runtime
from bgsvc._desktop.host import LocalHost
from bgsvc._engine.supervisor import Supervisor


def test_services_that_do_not_stop_share_one_wait_at_the_apps_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = desktop_runtime(LocalHost(), data_dir=str(tmp_path))
    now = [100.0]
    waited: list[float] = []

    def wait_stopped(_: Supervisor, timeout: float | None = None) -> bool:
        assert timeout is not None
        waited.append(timeout)
        now[0] += timeout
        return False

    for name in "abcd":
        runtime.adopt(ServiceConfig(name=name, entry="a:B", stop_timeout=1.0), BackgroundService)
    monkeypatch.setattr(_current, "_runtimes", [runtime])
    monkeypatch.setattr(_current, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(Supervisor, "wait_stopped", wait_stopped)
    _current._end_services()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    assert waited == [1.0, 0.0, 0.0, 0.0]
