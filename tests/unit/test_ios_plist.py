import os
import plistlib
import subprocess
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bgsvc_gen.cli import main
from bgsvc_gen.errors import UsageError
from bgsvc_gen.plist import BACKUP_SUFFIX, merge, write

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
def test_merge_adds_values_and_keeps_the_rest_and_the_form(form: plistlib.PlistFormat) -> None:
    after = merge(list_in(form), NEEDS, "Info.plist")

    merged = plistlib.loads(after, fmt=form)
    assert merged["UIBackgroundModes"] == ["audio", "fetch"]
    assert merged["BGTaskSchedulerPermittedIdentifiers"] == ["com.example.notes.bg-refresh"]
    assert {key: merged[key] for key in APP if key != "UIBackgroundModes"} == {
        key: value for key, value in APP.items() if key != "UIBackgroundModes"
    }
    assert list(merged)[: len(APP)] == list(APP)


@each_form
def test_second_merge_changes_no_byte(form: plistlib.PlistFormat) -> None:
    once = merge(list_in(form), NEEDS, "Info.plist")

    assert merge(once, NEEDS, "Info.plist") == once


NO_XML: Final = "".join(map(chr, {*range(32), 0xFFFE, 0xFFFF} - {9, 10}))
"""What XML 1.0 cannot carry (2.2, Char), and `\\r`, of which `plistlib` makes `\\n`."""

TEXTS: Final = st.text(
    st.characters(exclude_characters=NO_XML, exclude_categories=["Cs"]), max_size=12
)
VALUES: Final = st.recursive(
    st.one_of(
        *(TEXTS, st.booleans(), st.integers(-(2**63), 2**64 - 1), st.binary()),
        *(st.floats(allow_nan=False), st.datetimes().map(lambda date: date.replace(microsecond=0))),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


@each_form
@given(content=st.dictionaries(TEXTS, VALUES, max_size=6))
def test_merge_keeps_every_value(form: plistlib.PlistFormat, content: dict[str, object]) -> None:
    after = plistlib.loads(merge(list_in(form, content), NEEDS, "Info.plist"), fmt=form)

    assert after == {**content, **{key: list(values) for key, values in NEEDS.items()}}


def test_complete_list_keeps_its_comments() -> None:
    content = list_in(plistlib.FMT_XML, {"UIBackgroundModes": ["fetch"]})
    content = content.replace(b"<dict>", b"<!-- ours -->\n<dict>")

    assert merge(content, {"UIBackgroundModes": ("fetch",)}, "Info.plist") == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a property list"),
        (b"bplist00 and no more", "not a property list"),
        (b"<plist><dict>", "not a property list"),
        (plistlib.dumps(["an array"]), "does not contain a dictionary"),
        (plistlib.dumps({"UIBackgroundModes": "fetch"}), "not an array"),
        (b'{ UIBackgroundModes = ("fetch"); }', "not a property list"),
        (b"<plist><dict><key>a</key><date>today</date></dict></plist>", "not a property list"),
        (b"<plist><dict><key>a</key><integer>x</integer></dict></plist>", "not a property list"),
        (b"<plist><dict><key>a</key><data>!!!x</data></dict></plist>", "not a property list"),
        (b"<plist><dict><string>no key</string></dict></plist>", "not a property list"),
        (b"<plist><dict><key>a</key><string>\xff</string></dict></plist>", "not a property list"),
        (b'<?xml version="1.0" encoding="klingon"?><plist><dict/></plist>', "not a property list"),
        (b'<!DOCTYPE p [<!ENTITY a "b">]><plist><dict/></plist>', "not a property list"),
        (
            b"<plist><dict><key>a</key><integer>99999999999999999999999</integer></dict></plist>",
            "has a value that cannot be written back",
        ),
        (
            b"<plist><dict><key>a</key>%s%s</dict></plist>"
            % (b"<array>" * 9999, b"</array>" * 9999),
            "has a value that cannot be written back",
        ),
        (plistlib.dumps({"a": [1] * 50}, fmt=plistlib.FMT_BINARY)[:40], "not a property list"),
        (
            b"<plist><dict><key>a</key><true/><key>a</key><false/></dict></plist>",
            'the key "a" appears twice',
        ),
    ],
)
def test_unusable_list_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        merge(content, NEEDS, "Info.plist")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bgsvc.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "Info.plist").write_bytes(list_in(plistlib.FMT_BINARY))
    return tmp_path


def run(project: Path, *arguments: str) -> tuple[int, str]:
    options = ["--spec", str(project / "bgsvc.toml"), "--apply-plist", str(project / "Info.plist")]
    result = CliRunner().invoke(main, ["ios", *options, *arguments])
    return result.exit_code, result.output


def test_command_merges_once_and_keeps_a_backup(project: Path) -> None:
    before = (project / "Info.plist").read_bytes()

    assert run(project)[0] == 0
    after = (project / "Info.plist").read_bytes()
    assert plistlib.loads(after)["UIBackgroundModes"] == ["audio", "fetch"]
    assert (project / f"Info.plist{BACKUP_SUFFIX}").read_bytes() == before

    code, stderr = run(project)
    assert (code, (project / "Info.plist").read_bytes()) == (0, after)
    assert "unchanged" in stderr
    assert (project / f"Info.plist{BACKUP_SUFFIX}").read_bytes() == before


def test_linked_list_is_merged_and_the_link_kept(project: Path) -> None:
    (project / "Notes").mkdir()
    real = (project / "Info.plist").rename(project / "Notes/Info.plist")
    (project / "Info.plist").symlink_to(real)

    assert run(project)[0] == 0

    assert (project / "Info.plist").is_symlink()
    assert plistlib.loads(real.read_bytes())["UIBackgroundModes"] == ["audio", "fetch"]
    assert real.with_name(f"Info.plist{BACKUP_SUFFIX}").is_file()


def test_backup_keeps_the_permissions_of_the_list(project: Path) -> None:
    (project / "Info.plist").chmod(0o600)

    assert run(project)[0] == 0

    modes = [path.stat().st_mode & 0o777 for path in project.glob("Info.plist*")]
    assert modes == [0o600, 0o600]


def test_read_only_list_is_refused_before_any_write(project: Path) -> None:
    (project / "Info.plist").chmod(0o444)

    code, stderr = run(project)

    assert (code, "is read-only" in stderr) == (2, True)
    assert not (project / "native").exists()


def test_pipe_in_place_of_a_list_is_refused(project: Path) -> None:
    (project / "Info.plist").unlink()
    os.mkfifo(project / "Info.plist")

    code, stderr = run(project)

    assert (code, "is not a regular file" in stderr) == (2, True)


DIES: Final = """
import os, sys
from pathlib import Path
from bgsvc_gen import plist

path, left = Path(sys.argv[1]), int(sys.argv[2])
before = path.read_bytes()
after = plist.merge(before, {"UIBackgroundModes": ("fetch",)}, "it")

def hook(event, arguments):
    global left
    if event in {"open", "os.rename", "os.chmod", "os.remove"}:
        left -= 1
        if left < 0:
            os._exit(9)

sys.addaudithook(hook)
plist.write(path, before, after)
"""


@each_form
def test_killed_run_leaves_the_old_or_the_new_list(
    tmp_path: Path, form: plistlib.PlistFormat
) -> None:
    before = list_in(form)
    after = merge(before, {"UIBackgroundModes": ("fetch",)}, "it")
    seen: set[bytes] = set()
    for step in count():
        folder = tmp_path / str(step)
        folder.mkdir()
        path = folder / "Info.plist"
        path.write_bytes(before)
        ended = subprocess.run([sys.executable, "-c", DIES, path, str(step)], check=False)
        assert path.read_bytes() in {before, after}
        seen.add(path.read_bytes())
        write(path, path.read_bytes(), after)
        assert path.read_bytes() == after
        assert path.with_name(f"Info.plist{BACKUP_SUFFIX}").read_bytes() == before
        if ended.returncode == 0:
            assert (step > 4, seen) == (True, {before, after})
            return


@pytest.mark.parametrize("option", ["--check", "--diff", "--dry-run"])
def test_command_without_writes_leaves_the_list_unchanged(project: Path, option: str) -> None:
    before = (project / "Info.plist").read_bytes()

    run(project, option)

    assert (project / "Info.plist").read_bytes() == before
    assert not (project / f"Info.plist{BACKUP_SUFFIX}").exists()


def test_check_reports_an_incomplete_list(project: Path) -> None:
    assert run(project)[0] == 0
    assert run(project, "--check")[0] == 0

    (project / "Info.plist").write_bytes(list_in(plistlib.FMT_XML))
    code, stderr = run(project, "--check")
    assert (code, "lacks keys that the tasks need" in stderr) == (1, True)


def test_unusable_list_stops_the_command_before_any_write(project: Path) -> None:
    (project / "Info.plist").write_text("hello", encoding="utf-8")

    assert run(project)[0] == 2
    assert not (project / "native").exists()
