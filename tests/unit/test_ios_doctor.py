import json
import plistlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.doctor.ios import CODES, check_ios
from bgsvc_gen.errors import UsageError
from bgsvc_gen.resources import templates_root
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER, runtime_files
from bgsvc_gen.spec.model import App, Continued, Ios, Label, Processing, Refresh, Service, Spec
from bgsvc_gen.targets import ios
from bgsvc_gen.targets.ios import PRIVACY

SERVICE: Final = Service(
    "sync", "notes.sync:Sync", Label("Sync"), ios=Ios(Refresh(), Processing(), Continued())
)
PLAN: Final = ios.plan(Spec(App("com.example.notes", "Notes"), (SERVICE,), allow=()))
LIBRARY: Final = "python/lib/python3.14"
INFO: Final[dict[str, Any]] = {
    "CFBundleIdentifier": "com.example.notes",
    "MinimumOSVersion": "13.0",
    "BGTaskSchedulerPermittedIdentifiers": [*PLAN.identifiers, "com.example.other"],
    "UIBackgroundModes": ["audio", "fetch", "processing"],
}


def write(path: Path, content: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(params=[plistlib.FMT_XML, plistlib.FMT_BINARY])
def app(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A complete built app."""
    root = tmp_path / "Notes.app"
    write(root / "Info.plist", plistlib.dumps(INFO, fmt=request.param))
    write(root / "Frameworks/Python.framework/Python")
    write(root / "Frameworks/_json.framework/_json")
    write(root / "python/lib/python3.14/os.py")
    write(
        root / "python/lib/python3.14/lib-dynload/_json.fwork", b"Frameworks/_json.framework/_json"
    )
    write(root / PRIVACY, (templates_root() / "ios" / PRIVACY).read_bytes())
    for file in runtime_files():
        name = file.path.relative_to(RUNTIME_FOLDER.parent)
        write(root / "app_packages" / name, file.content)
    return root


def codes(path: Path) -> list[str]:
    findings = list(check_ios(path, PLAN))
    assert all(finding.fix and finding.message and finding.place for finding in findings)
    return sorted({finding.code for finding in findings})


def change(app: Path, key: str, value: Any) -> None:  # noqa: ANN401 - a property list's value
    content = plistlib.loads((app / "Info.plist").read_bytes())
    (app / "Info.plist").write_bytes(plistlib.dumps({**content, key: value}))


def remove(app: Path, name: str) -> None:
    (app / name).unlink()


BREAKS: Final[dict[str, tuple[str, Callable[[Path], None]]]] = {
    "an identifier is not permitted": (
        "DI001",
        lambda app: change(app, "BGTaskSchedulerPermittedIdentifiers", list(PLAN.identifiers[1:])),
    ),
    "the identifiers are no array": (
        "DI001",
        lambda app: change(app, "BGTaskSchedulerPermittedIdentifiers", "com.example"),
    ),
    "a mode is missing": ("DI002", lambda app: change(app, "UIBackgroundModes", ["fetch"])),
    "the bundle has another identifier": (
        "DI003",
        lambda app: change(app, "CFBundleIdentifier", "com.example.note"),
    ),
    "an identifier has no task any more": (
        "DI004",
        lambda app: change(
            app,
            "BGTaskSchedulerPermittedIdentifiers",
            [*PLAN.identifiers, "com.example.notes.old.bg-processing"],
        ),
    ),
    "Python is not embedded": (
        "DI005",
        lambda app: remove(app, "Frameworks/Python.framework/Python"),
    ),
    "the standard library is missing": (
        "DI006",
        lambda app: remove(app, "python/lib/python3.14/os.py"),
    ),
    "a module is a bare library": ("DI007", lambda app: write(app / "app_packages/numpy/core.so")),
    "a framework of a module is gone": (
        "DI007",
        lambda app: remove(app, "Frameworks/_json.framework/_json"),
    ),
    "the runtime is of another version": (
        "DI008",
        lambda app: write(app / "app_packages/bgsvc/bridge.py", b"# older"),
    ),
    "the app runs on too old an iOS": (
        "DI009",
        lambda app: change(app, "MinimumOSVersion", "12.4"),
    ),
    "no privacy manifest is there": ("DI011", lambda app: remove(app, PRIVACY)),
    "the privacy manifest is silent": (
        "DI011",
        lambda app: write(app / PRIVACY, plistlib.dumps({"NSPrivacyAccessedAPITypes": ["x", {}]})),
    ),
    "an identifier is none": (
        "DI010",
        lambda app: change(
            app, "BGTaskSchedulerPermittedIdentifiers", [*PLAN.identifiers, "com.example.ü"]
        ),
    ),
}


def test_complete_app_has_no_finding(app: Path) -> None:
    assert codes(app) == []


@pytest.mark.parametrize("case", BREAKS)
def test_incomplete_app_has_a_finding(app: Path, case: str) -> None:
    code, break_ = BREAKS[case]
    break_(app)

    assert codes(app) == [code]


def test_app_without_the_runtime_has_a_finding(app: Path) -> None:
    (app / "app_packages/bgsvc").rename(app / "app_packages/elsewhere")

    assert codes(app) == ["DI008"]


def test_privacy_manifest_of_a_package_is_accepted(app: Path) -> None:
    (app / "Bgsvc_Bgsvc.bundle").mkdir()
    (app / PRIVACY).rename(app / "Bgsvc_Bgsvc.bundle" / PRIVACY)

    assert codes(app) == []


def test_every_code_has_a_broken_app() -> None:
    assert {code for code, _ in BREAKS.values()} == set(CODES)


def test_only_lists_of_the_app_are_checked(tmp_path: Path) -> None:
    bare = plistlib.dumps({"CFBundleIdentifier": "$(PRODUCT_BUNDLE_IDENTIFIER)"})
    write(tmp_path / "Notes/Notes-Info.plist", bare)
    for other in ("Pods/A/Info.plist", "native/bgsvc/ios/Info.plist", "X.framework/Info.plist"):
        write(tmp_path / other, plistlib.dumps({"MinimumOSVersion": "9.0"}))

    assert codes(tmp_path) == ["DI001", "DI002"]


def test_project_with_extensions_can_lie_anywhere(tmp_path: Path) -> None:
    project = tmp_path / "Contests.app/ContestsTests"
    bare = plistlib.dumps({"CFBundleIdentifier": "$(PRODUCT_BUNDLE_IDENTIFIER)"})
    write(project / "TestsOfStrength/Info.plist", bare)
    write(project / "Widget/Info.plist", plistlib.dumps({"NSExtension": {}}))
    write(project / "NotesTests/Info.plist", plistlib.dumps({"MinimumOSVersion": "9.0"}))
    (project / "Gone-Info.plist").symlink_to("nowhere")

    findings = list(check_ios(project, PLAN))

    assert {finding.place for finding in findings} == {str(project / "TestsOfStrength/Info.plist")}


@pytest.mark.parametrize("name", [b"\xff\xfe", b"../" * 9999, b"a\0b", b""])
def test_module_marker_without_a_library_has_a_finding(app: Path, name: bytes) -> None:
    write(app / "app_packages/core.fwork", name)

    assert codes(app) == ["DI007"]


def test_file_that_is_not_a_list_is_an_error(app: Path) -> None:
    write(app / "Info.plist", b"<plist>")

    with pytest.raises(UsageError, match="not a property list"):
        list(check_ios(app, PLAN))


def test_folder_without_a_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Info\.plist"):
        list(check_ios(tmp_path, PLAN))


def test_spec_without_an_ios_service_is_an_error(app: Path) -> None:
    nothing = ios.plan(Spec(App("com.example.notes", "Notes"), (), allow=()))

    with pytest.raises(UsageError, match="the spec has no service for iOS"):
        list(check_ios(app, nothing))


def test_command_with_findings_exits_1_and_prints_json(app: Path, tmp_path: Path) -> None:
    spec = '[app]\nid = "com.example.notes"\n[services.sync]\nentry = "notes.sync:Sync"\n'
    path = tmp_path / "bgsvc.toml"
    path.write_text(f"{spec}[services.sync.ios]\nrefresh = {{}}\n", encoding="utf-8")
    arguments = ["doctor", "ios", str(app), "--spec", str(path)]

    result = CliRunner().invoke(main, [*arguments, "--format", "json"])
    assert result.exit_code == 1
    assert {finding["code"] for finding in json.loads(result.stdout)} == {"DI004"}

    change(app, "BGTaskSchedulerPermittedIdentifiers", ["com.example.notes.bg-refresh"])
    assert CliRunner().invoke(main, arguments).exit_code == 0


def test_documentation_lists_every_code() -> None:
    text = (Path(__file__).parents[2] / "docs/ios-xcode.md").read_text(encoding="utf-8")

    assert dict(re.findall(r"^\| (DI\d+) \| (.+) \|$", text, re.MULTILINE)) == CODES
