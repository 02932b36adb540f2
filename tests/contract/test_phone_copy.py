"""A phone's app runs on the copy of the runtime that it carries, and on nothing else."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUESTS = json.loads((ROOT / "tests/vectors/requests.json").read_text(encoding="utf-8"))
APP = """\
import json
import sys


class Missing:
    missing = []

    def find_spec(self, name, path=None, target=None):
        if name.startswith("bgsvc"):
            self.missing.append(name)


sys.meta_path.append(Missing())
sys.platform = sys.argv[1]

import bgsvc
from bgsvc import bridge

bridge.attach(lambda text: None)
replies = [bridge.receive(line) for line in sys.stdin]
bgsvc.get_platform_capabilities()
bgsvc.validate_background_service_setup()
bgsvc.on_plugin_event(lambda event: None)()
bgsvc.on_app_state_change(lambda state: None)()
with bgsvc.finite_task("upload"):
    pass
bgsvc.finish(bgsvc.before_exit(lambda task: None))
for service in ("sync", "plain"):
    try:
        bgsvc.start_service(service)
        bgsvc.send_message({"text": "hello"}, service)
        bgsvc.get_service_state(service)
        bgsvc.enable_auto_restart(service)
        bgsvc.disable_auto_restart(service)
        bgsvc.get_desired_service_state(service)
        bgsvc.stop_service(service)
    except bgsvc.BackgroundServiceError as error:
        assert error.code in {"unknownService", "notRunning", "alreadyRunning"}, error
modules = {
    name: module.__file__ for name, module in sys.modules.items() if name.startswith("bgsvc")
}
print(json.dumps({"missing": Missing.missing, "modules": modules, "replies": len(replies)}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy as the generator writes it."""
    folder = tmp_path_factory.mktemp("app")
    spec = '[app]\nid = "com.example.notes"\n[services.sync]\nentry = "notes.sync:SyncService"\n'
    android = '[services.sync.android]\ntypes = ["dataSync"]\n'
    folder.joinpath("bgsvc.toml").write_text(spec + android, encoding="utf-8")
    command = [sys.executable, "-m", "bgsvc_gen", "android"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "native/bgsvc/python/site-packages"


@pytest.mark.parametrize(
    ("platform", "sys_platform"),
    [("android", "android"), ("android", "linux"), ("ios", "ios")],  # `linux` before Python 3.13
)
def test_app_and_host_of_a_phone_import_only_what_the_copy_holds(
    copy: Path, tmp_path: Path, platform: str, sys_platform: str
) -> None:
    lines = [json.dumps(vector["message"]) for vector in REQUESTS]
    text = "\n".join(lines).replace("<dir>", str(tmp_path)).replace('"android"', f'"{platform}"')
    done = subprocess.run(
        [sys.executable, "-S", "-c", APP, sys_platform],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{copy}{os.pathsep}{ROOT}"},
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["missing"] == []
    assert report["replies"] == len(REQUESTS)
    assert {path for path in report["modules"].values() if not path.startswith(str(copy))} == set()


def test_modules_of_the_copy_import_at_their_start_only_what_the_copy_holds(copy: Path) -> None:
    absent: list[str] = []
    for path in copy.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bgsvc"):
                module = copy / (node.module or "").replace(".", "/")
                if not (module.is_dir() or module.with_suffix(".py").is_file()):
                    absent.append(f"{path.relative_to(copy)}: {node.module}")

    assert absent == []
