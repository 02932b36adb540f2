"""The app that `bgsvc-gen init` makes, extended as its author would."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from click.testing import CliRunner

import bgsvc_gen
from bgsvc_gen.cli import main
from bgsvc_gen.facts.android import SERVICE_TYPES
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.model import Spec

TRIALS: Final = Path(__file__).with_name("python") / "trials"

_TRIAL_SERVICES: Final = """
[services.crash]
entry = "trials:Crash"
restart = { on = "never" }
[services.crash.android]
types = ["dataSync"]
host = "cpython"

[services.flaky]
entry = "trials:Flaky"
restart = { on = "failure", delay = "50ms" }
[services.flaky.android]
types = ["remoteMessaging"]
host = "cpython"

[services.patient]
entry = "trials:Crash"
restart = { on = "failure", delay = "6h", max_delay = "6h" }
[services.patient.android]
types = ["dataSync"]
host = "cpython"

[services.buttons]
entry = "trials:Buttons"
start_on_boot = true
[services.buttons.android]
types = ["remoteMessaging"]
host = "cpython"
wake_lock = true
notification.stop = "Stop"
notification.resume = "Tap to go on"
notification.actions.pause = "Pause"

[services.early]
entry = "trials:Buttons"
start_on_boot = true
[services.early.android]
types = ["remoteMessaging"]
host = "cpython"
direct_boot = true

[services.killed]
entry = "trials:Buttons"
[services.killed.android]
types = ["dataSync"]
host = "cpython"

[services.revived]
entry = "trials:Buttons"
[services.revived.android]
types = ["remoteMessaging"]
host = "cpython"

[services.later]
entry = "trials:Buttons"
[services.later.android]
types = ["dataSync"]
host = "cpython"
on_timeout = "reschedule"

[services.upload]
entry = "trials:Buttons"
[services.upload.android]
kind = "job"
host = "cpython"
job.user_initiated = true

[services.tidy]
entry = "trials:Buttons"
start_on_boot = true
[services.tidy.android]
kind = "job"
host = "cpython"
job = { charging = true, period = "1h" }

[services.finishing]
entry = "trials:Finishing"
[services.finishing.android]
types = ["remoteMessaging"]
host = "cpython"

[services.progress]
entry = "trials:Progress"
[services.progress.android]
types = ["remoteMessaging"]
host = "cpython"

[services.asking]
entry = "trials:Buttons"
[services.asking.android]
types = ["mediaProcessing"]
host = "cpython"
on_timeout = "notify"

[services.stubborn]
entry = "trials:Stubborn"
[services.stubborn.android]
types = ["shortService"]
host = "cpython"
"""

_EACH_TYPE: Final = (*((name,) for name in SERVICE_TYPES), ("mediaPlayback", "connectedDevice"))
"""A service of each type, and one of two."""

_SERVICE_OF_TYPES: Final = """
[services.{name}]
entry = "trials:Buttons"
[services.{name}.android]
host = "cpython"
"""


def make_scaffold(folder: Path) -> Spec:
    """Make the app in `folder` with its native files: its own service, and those of `trials`."""
    _bgsvc_gen(
        folder.parent,
        *(
            "init",
            folder.name,
            "--no-input",
            "--name",
            "Heartbeat",
            "--id",
            "org.example.heartbeat",
        ),
    )
    path = folder / "bgsvc.toml"
    text = path.read_text(encoding="utf-8").replace('host = "chaquopy"', 'host = "cpython"')
    path.write_text(text, encoding="utf-8")
    _bgsvc_gen(folder, "android", "--type", "dataSync")
    path.write_text(path.read_text(encoding="utf-8") + _TRIAL_SERVICES, encoding="utf-8")
    for types in _EACH_TYPE:
        add_service(path, types)
    return load_spec(path)


def add_service(spec: Path, types: tuple[str, ...]) -> None:
    """Write a service into the spec as an author does; the command adds its types."""
    name = f"of{''.join(types).lower()}"
    text = spec.read_text(encoding="utf-8") + _SERVICE_OF_TYPES.format(name=name)
    if "specialUse" in types:
        text += 'special_use = "What no other type is for"\n'
    spec.write_text(text, encoding="utf-8")
    options = [option for each in types for option in ("--type", each)]
    # In this process: sixteen processes would take ten seconds to start.
    run = CliRunner().invoke(main, ["android", "--spec", str(spec), "--service", name, *options])
    if run.exit_code != 0:
        raise RuntimeError(run.output)


def _bgsvc_gen(folder: Path, *arguments: str) -> None:
    package = Path(bgsvc_gen.__file__).parents[1]
    subprocess.run(
        [sys.executable, "-m", "bgsvc_gen", *arguments],
        check=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(package)},
    )
