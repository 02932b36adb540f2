import plistlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.errors import UsageError
from bgsvc_gen.plist import BACKUP_SUFFIX, merged

NEEDS: Final = {
    "BGTaskSchedulerPermittedIdentifiers": ("com.example.notes.bg-refresh",),
    "UIBackgroundModes": ("fetch",),
}
APP: Final[Mapping[str, object]] = {
    "CFBundleIdentifier": "$(PRODUCT_BUNDLE_IDENTIFIER)",
    "UIBackgroundModes": ["audio"],
    "Zebra": {"b": 1, "a": [True, 2.5, b"x"]},
    "Apple": "né & <x>",
}
SPEC: Final = """
[app]
id = "com.example.notes"
[services.sync]
entry = "notes.sync:Sync"
[services.sync.ios]
refresh = {}
"""

each_form = pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])


def list_in(form: plistlib.PlistFormat, content: Mapping[str, object] = APP) -> bytes:
    return plistlib.dumps(content, fmt=form, sort_keys=False)


@each_form
def test_a_list_gets_the_union_and_keeps_the_rest_and_its_form(form: plistlib.PlistFormat) -> None:
    after = merged(list_in(form), NEEDS, "Info.plist")

    found = plistlib.loads(after, fmt=form)
    assert found["UIBackgroundModes"] == ["audio", "fetch"]
    assert found["BGTaskSchedulerPermittedIdentifiers"] == ["com.example.notes.bg-refresh"]
    assert {key: found[key] for key in APP if key != "UIBackgroundModes"} == {
        key: value for key, value in APP.items() if key != "UIBackgroundModes"
    }
    assert list(found)[: len(APP)] == list(APP)


@each_form
def test_merging_again_changes_no_byte(form: plistlib.PlistFormat) -> None:
    once = merged(list_in(form), NEEDS, "Info.plist")

    assert merged(once, NEEDS, "Info.plist") == once


def test_a_list_that_has_everything_keeps_its_comments() -> None:
    content = list_in(plistlib.FMT_XML, {"UIBackgroundModes": ["fetch"]})
    content = content.replace(b"<dict>", b"<!-- ours -->\n<dict>")

    assert merged(content, {"UIBackgroundModes": ("fetch",)}, "Info.plist") == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no property list"),
        (b"bplist00 and no more", "no property list"),
        (b"<plist><dict>", "no property list"),
        (plistlib.dumps(["an array"]), "no dictionary"),
        (plistlib.dumps({"UIBackgroundModes": "fetch"}), "no array"),
    ],
)
def test_what_cannot_be_merged_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        merged(content, NEEDS, "Info.plist")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bgsvc.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "Info.plist").write_bytes(list_in(plistlib.FMT_BINARY))
    return tmp_path


def run(project: Path, *arguments: str) -> tuple[int, str]:
    options = ["--spec", str(project / "bgsvc.toml"), "--apply-plist", str(project / "Info.plist")]
    result = CliRunner().invoke(main, ["ios", *options, *arguments])
    return result.exit_code, result.output


def test_the_command_merges_once_and_keeps_what_was_there_before(project: Path) -> None:
    before = (project / "Info.plist").read_bytes()

    assert run(project)[0] == 0
    after = (project / "Info.plist").read_bytes()
    assert plistlib.loads(after)["UIBackgroundModes"] == ["audio", "fetch"]
    assert (project / f"Info.plist{BACKUP_SUFFIX}").read_bytes() == before

    code, said = run(project)
    assert (code, (project / "Info.plist").read_bytes()) == (0, after)
    assert "unchanged" in said
    assert (project / f"Info.plist{BACKUP_SUFFIX}").read_bytes() == before


@pytest.mark.parametrize("option", ["--check", "--diff", "--dry-run"])
def test_a_command_that_writes_nothing_leaves_the_list_alone(project: Path, option: str) -> None:
    before = (project / "Info.plist").read_bytes()

    run(project, option)

    assert (project / "Info.plist").read_bytes() == before
    assert not (project / f"Info.plist{BACKUP_SUFFIX}").exists()


def test_a_check_tells_a_list_that_lacks_something(project: Path) -> None:
    assert run(project)[0] == 0
    assert run(project, "--check")[0] == 0

    (project / "Info.plist").write_bytes(list_in(plistlib.FMT_XML))
    code, said = run(project, "--check")
    assert (code, "lacks what the tasks need" in said) == (1, True)


def test_nothing_is_written_where_the_list_is_none(project: Path) -> None:
    (project / "Info.plist").write_text("hello", encoding="utf-8")

    assert run(project)[0] == 2
    assert not (project / "native").exists()
