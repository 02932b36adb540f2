"""Services in processes of their own, for tests that signal and kill them."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bgsvc._lite.guards import is_object

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}{os.pathsep}{ROOT}"}
ENTRY = "tests.runtime.services:SyncService"


TIMEOUT_S = 60.0  # real seconds, far beyond what anything here takes


class Told:
    """A process that runs a service and prints its events as JSON lines."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def until(self, event: str) -> "dict[str, object]":
        """Read events up to the first `event` and return what it carries."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            fields: dict[str, object] = json.loads(line)
            if fields["event"] == event:
                data = fields["data"]
                assert is_object(data)
                return data
        raise AssertionError(f"{event} was never said")


@contextmanager
def hosted(folder: Path, *options: str, entry: str = ENTRY, **environment: str) -> Generator[Told]:
    """Run a service in a process; whatever the test left of it and of its children is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bgsvc", "run", entry, "--json", "--data-dir", folder, *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
        start_new_session=True,
    )
    overdue = threading.Timer(TIMEOUT_S, kill_group, [process])  # else a hang is a stall
    overdue.daemon = True
    overdue.start()
    try:
        yield Told(process)
    finally:
        overdue.cancel()
        kill_group(process)
        process.communicate()


def ended(
    words: "Sequence[str | Path]", environment: "Mapping[str, str] | None" = None, cwd: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, which must come; whatever is left of its children is killed."""
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**ENVIRONMENT, **(environment or {})},
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT_S)
        finally:
            kill_group(process)
    return subprocess.CompletedProcess(list(words), process.returncode, stdout, stderr)


def command(*arguments: "str | Path", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m bgsvc` with `arguments` to its end."""
    return ended([sys.executable, "-m", "bgsvc", *arguments], environment)


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill a process that leads a session of its own, and its children with it."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def on_disk(folder: Path, service: str = "sync") -> "dict[str, object]":
    """Read a service's state file."""
    fields: dict[str, object] = json.loads((folder / "bgsvc" / f"{service}.json").read_text())
    return fields
