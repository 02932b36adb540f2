"""Services in processes of their own, for tests that signal and kill them."""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bgsvc._kinds import is_object

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT / 'runtime'}{os.pathsep}{ROOT}"}
ENTRY = "tests.runtime.services:SyncService"


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
    """Run a service in a process; whatever the test left of it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bgsvc", "run", entry, "--json", "--data-dir", folder, *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
    )
    try:
        yield Told(process)
    finally:
        process.kill()
        process.communicate()


def command(*arguments: "str | Path", **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m bgsvc` with `arguments` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "bgsvc", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**ENVIRONMENT, **environment},
    )


def on_disk(folder: Path, service: str = "sync") -> "dict[str, object]":
    """Read a service's state file."""
    fields: dict[str, object] = json.loads((folder / "bgsvc" / f"{service}.json").read_text())
    return fields
