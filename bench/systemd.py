"""What asking systemd about a service costs, beside asking it with its own tool in the same run.

    python bench/systemd.py

Boots a systemd of its own, as the tests do, so it takes root. Prints rows of a table in Markdown.
"""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.native.linux.box import NoBoxError, booted, own_systemd, require_box  # noqa: E402 - as above
from tests.native.linux.machine import (  # noqa: E402 - not before the path
    LABEL,
    PYTHON,
    UNIT,
    Machine,
    install_app,
    service,
)

ROUNDS = 30
MEASURE = f"""
import json, statistics, subprocess, sys, time
import bgsvc
def seconds(ask):
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began
show = ["systemctl", "show", {UNIT!r}]
tell = [sys.executable, "-m", "bgsvc", "status", {LABEL!r}, "--scope=system", "--json"]
ways = {{
    "floor": lambda: subprocess.run(show, check=True, capture_output=True),
    "call": lambda: bgsvc.get_os_service_status({LABEL!r}, scope="system"),
    "command": lambda: subprocess.run(tell, check=True, capture_output=True),
}}
found = {{name: [] for name in ways}}
for _ in range({ROUNDS}):
    for name, ask in ways.items():
        found[name].append(seconds(ask))
print(json.dumps({{name: statistics.median(each) * 1e3 for name, each in found.items()}}))
"""


def main() -> None:
    """Measure a status, of a service that runs and whose channel answers."""
    if not own_systemd():
        sys.exit("bench/systemd.py: this machine has no systemd of its own")
    try:
        require_box()
        with tempfile.TemporaryDirectory() as folder, booted(Path("/"), Path(folder)) as box:
            install_app(box)
            machine = Machine(box, Path(folder, "share"))
            machine.install(service("Obedient"), "--now")
            output = box.run(PYTHON, "-c", MEASURE).stdout
    except NoBoxError as error:
        sys.exit(f"bench/systemd.py: {error}")
    cost: dict[str, float] = json.loads(output)
    floor = f"{cost['floor']:.1f} ms, `systemctl show`"
    for what, name in (
        ("`get_os_service_status`", "call"),
        ("`python -m bgsvc status`", "command"),
    ):
        ratio = f"{cost[name] / cost['floor']:.1f}"
        print(f"| {what}, channel asked | {cost[name]:.1f} ms | {floor} | {ratio} | 100 ms |")


if __name__ == "__main__":
    main()
