"""What the start of a service loads: an app pays for it before the first `run`."""

import sys
from pathlib import Path

from tests.runtime.processes import ROOT, ended

COSTLY = {
    *("argparse", "asyncio", "ctypes", "dataclasses", "enum", "inspect", "json", "logging"),
    *("pathlib", "re", "socket", "subprocess", "typing"),
}
UNUSED_ROOMS = {"_cli", "_daemon", "_ipc", "_os", "bridge", "testing"}
APP = f"""\
import sys
before = set(sys.modules)
sys.path.insert(0, {str(ROOT / "runtime")!r})
import bgsvc
class PlainService(bgsvc.BackgroundService):
    def run(self, ctx):
        ctx.shutdown.wait()
bgsvc.configure(data_dir=sys.argv[1])
print(bgsvc.start_service(PlainService).run)
print(*set(sys.modules) - before)
bgsvc.stop_service()
"""


def test_start_of_a_plain_service_loads_nothing_costly_and_no_room_it_does_not_use(
    tmp_path: Path,
) -> None:
    done = ended([sys.executable, "-I", "-S", "-c", APP, str(tmp_path)])
    run, modules = done.stdout.splitlines()

    assert run == "1"
    assert set(modules.split()).isdisjoint(COSTLY)
    assert {name.split(".")[1] for name in modules.split() if "bgsvc." in name}.isdisjoint(
        UNUSED_ROOMS
    )
