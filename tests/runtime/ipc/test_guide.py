"""Runs what the guide to the channel shows, as its reader would."""

import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.runtime.ipc.peers import short_folder
from tests.runtime.processes import ROOT, ended

GUIDE = (ROOT / "docs/ipc.md").read_text(encoding="utf-8")
RUN = ["-m", "bgsvc", "run", "notes_sync:SyncService", "--app", "com.example.notes"]


def shown() -> "list[tuple[str, str]]":
    """Return each program of the guide with what it prints, if that is shown."""
    return re.findall(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", GUIDE, re.DOTALL)


@contextmanager
def running(folder: Path, environment: "dict[str, str]") -> "Generator[None]":
    with subprocess.Popen(
        [sys.executable, *RUN],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def test_the_guides_programs_print_what_it_says(tmp_path: Path) -> None:
    service, *clients = shown()
    (tmp_path / "notes_sync.py").write_text(service[0], encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT / "runtime")}
    homes = ("HOME", "LOCALAPPDATA", "XDG_STATE_HOME")
    environment.update((name, str(tmp_path)) for name in homes)
    with short_folder() as place, running(tmp_path, {"XDG_RUNTIME_DIR": str(place), **environment}):
        environment["XDG_RUNTIME_DIR"] = str(place)
        printed = [
            ended([sys.executable, "-c", program], environment, tmp_path) for program, _ in clients
        ]

    assert len(clients) == 4
    for done, (program, expected) in zip(printed, clients, strict=True):
        assert expected, program
        assert (done.stderr, done.stdout) == ("", expected)
