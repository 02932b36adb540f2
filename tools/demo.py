"""From nothing to a running service: scaffold an app, write its shims, run it, stop it.

Works in a temporary folder, shows each command, and ends with status 0 only if the service
said hello, did some work and said goodbye.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

BEATS = 3


def main() -> None:
    """Run the demonstration."""
    with tempfile.TemporaryDirectory(prefix="bgsvc-demo-") as temporary:
        app = Path(temporary) / "heartbeat"
        run(Path(temporary), "bgsvc-gen", "init", "heartbeat", "--no-input", "--name", "Heartbeat")
        run(app, "bgsvc-gen", "all")
        run(app, "bgsvc-gen", "all")
        run(app, "bgsvc-gen", "check")
        show(app / "native/bgsvc")
        run_service(app)


def run(folder: Path, *command: str) -> None:
    """Run `command` in `folder`, showing it; end the demonstration if it fails."""
    print(f"\n$ {' '.join(command)}", flush=True)
    program = Path(sys.executable).with_name(command[0])
    subprocess.run([program, *command[1:]], cwd=folder, check=True)


def show(root: Path) -> None:
    """Print the generated files, the runtime's copy as one line."""
    print(f"\nwritten to {root.relative_to(root.parents[1])}:")
    paths = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    for path in paths:
        if "python" not in path.parts:
            print(f"  {path}")
    carried = sum("python" in path.parts for path in paths)
    print(f"  … and {carried} files of the runtime, one copy for both phones")


def run_service(app: Path) -> None:
    """Run the scaffold's service until it has beaten a few times, then ask it to stop."""
    command = ["-m", "bgsvc", "run", "heartbeat.heartbeat:HeartbeatService", "--json"]
    print(f"\n$ python {' '.join(command)}", flush=True)
    environment = dict(os.environ, XDG_STATE_HOME=str(app / "state"))
    with subprocess.Popen(
        [sys.executable, *command], cwd=app, stdout=subprocess.PIPE, text=True, env=environment
    ) as service:
        names = follow(service)
    expected = ["started", *["beat"] * BEATS, "goodbye", "stopped"]
    emitted = [name for name in names if name in expected]
    if (
        service.returncode != 0
        or emitted[: BEATS + 1] != expected[: BEATS + 1]
        or emitted[-2:] != expected[-2:]
    ):
        sys.exit(f"the service ended with status {service.returncode} after {names}")
    print("\nthe service started, worked, was asked to stop (SIGTERM) and said goodbye")


def follow(service: "subprocess.Popen[str]") -> list[str]:
    """Print the service's events as they come, end it after a few beats, return their names."""
    names: list[str] = []
    for line in service.stdout or ():
        print(f"  {line}", end="", flush=True)
        names.append(str(json.loads(line)["event"]))
        if names.count("beat") == BEATS and names[-1] == "beat":
            service.send_signal(signal.SIGTERM)
    return names


if __name__ == "__main__":
    main()
