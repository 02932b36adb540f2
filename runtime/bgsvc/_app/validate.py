"""Checks that a service can work here."""

from __future__ import annotations

import os

from bgsvc._model.errors import BackgroundServiceError
from bgsvc._model.platform_reports import SetupIssue, SetupReport
from bgsvc._service.entry import NO_YIELD
from bgsvc._service.service import BackgroundService

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bgsvc._model.config import ServiceConfig
    from bgsvc._ports.host import Host

_GENERATOR_FLAGS = 0x20 | 0x200
"""`inspect.CO_GENERATOR` and `CO_ASYNC_GENERATOR`: a function with a `yield`."""


def validate_setup(configs: list[ServiceConfig], host: Host, data_dir: str) -> SetupReport:
    """Check each service's class and configuration, the data folder and the host."""
    issues = _check_folder(data_dir)
    for config in configs:
        issues += _check_entry(config)
        issues += _check_state_file(config, data_dir)
        issues += _check_types(config, host)
        issues += _check_declared(config, host)
        issues += _check_installed(config, host)
    return SetupReport(tuple(sorted(issues, key=lambda issue: issue.severity)))


def _check_folder(data_dir: str) -> list[SetupIssue]:
    probe = os.path.join(data_dir, f".bgsvc-probe-{os.getpid()}")
    try:
        os.makedirs(data_dir, exist_ok=True)
        os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.remove(probe)
    except OSError as error:
        fix = "make the folder writable or choose another with data_dir"
        return [SetupIssue("data_dir_unwritable", "error", f"{data_dir}: {error}", fix)]
    return []


def _check_state_file(config: ServiceConfig, data_dir: str) -> list[SetupIssue]:
    from bgsvc._storage.folders import state_dir_in
    from bgsvc._storage.state_file import StateFile

    problems = StateFile(state_dir_in(data_dir), config.name).problems() if config.name else []
    return [
        SetupIssue(problem.code, "warning", problem.message, problem.fix) for problem in problems
    ]


def _check_entry(config: ServiceConfig) -> list[SetupIssue]:
    from bgsvc._service.entry import load_entry

    try:
        service = load_entry(config.entry)
    except BackgroundServiceError as error:
        return [SetupIssue(error.code, "error", error.message, error.fix)]
    if service.run is BackgroundService.run:
        text = f"{config.entry} does not define run"
        return [SetupIssue("run_missing", "error", text, "add `async def run(self, ctx)`")]
    if getattr(getattr(service.run, "__code__", None), "co_flags", 0) & _GENERATOR_FLAGS:
        text = f"run of {config.entry} has a `yield`, so its body would never run"
        return [SetupIssue("run_yields", "error", text, NO_YIELD)]
    return []


def _check_types(config: ServiceConfig, host: Host) -> list[SetupIssue]:
    from bgsvc._app.capabilities import capabilities_of

    try:
        capabilities = capabilities_of(host, config.foreground_service_types)
    except BackgroundServiceError as error:
        return [SetupIssue("mode_or_type_unknown", "error", error.message, error.fix)]
    if not config.start_on_boot or capabilities.survives_reboot.level != "unsupported":
        return []
    reboot = capabilities.survives_reboot
    fix = "; ".join(reboot.needs) or "set start_on_boot = false"
    return [SetupIssue("boot_not_possible", "error", f"{config.name}: {reboot.reason}", fix)]


def _check_installed(config: ServiceConfig, host: Host) -> list[SetupIssue]:
    """Ask the desktop's service manager, if it has this service or should have it."""
    if host.platform in {"android", "ios"}:  # whose copy has none of what is imported below
        return []
    from bgsvc._desktop.host import LocalHost

    if not isinstance(host, LocalHost):
        return []
    from bgsvc._os.findings import setup_issues

    return list(setup_issues(f"{host.app}.{config.name}", at_boot=config.start_on_boot))


def _check_declared(config: ServiceConfig, host: Host) -> list[SetupIssue]:
    if host.platform != "android" or config.foreground_service_types:
        return []
    text = f"{config.name} declares no foreground service type"
    return [SetupIssue("type_missing", "error", text, "name one under [services.<name>.android]")]
