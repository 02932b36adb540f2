"""The output folder: drifts are reported, writes are atomic, and nobody's work is lost."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from bgsvc_gen.errors import HandEditedError, OutputError
from bgsvc_gen.output.atomic import replace_file
from bgsvc_gen.output.folder import Folder, Kind, inspect
from bgsvc_gen.output.lock import LOCK_NAME, read_lock
from bgsvc_gen.output.write import bring_up_to_date, refuse_another_app, refuse_hand_edited
from bgsvc_gen.render import GeneratedFile

OLD = {"ios/a.swift": "old a", "ios/sub/b.swift": "old b", "linux/c.service": "c"}
NEW = {"ios/a.swift": "new a", "ios/new.swift": "new", "linux/c.service": "c"}
SCOPES = ("ios", "linux")


def files(content: dict[str, str]) -> list[GeneratedFile]:
    return [GeneratedFile(PurePosixPath(path), text.encode()) for path, text in content.items()]


def compare(root: Path, content: dict[str, str], scopes: tuple[str, ...] = SCOPES) -> Folder:
    return inspect(files(content), root, scopes)


def write(root: Path, content: dict[str, str], scopes: tuple[str, ...] = SCOPES) -> list[str]:
    return [drift.path for drift in bring_up_to_date(compare(root, content, scopes))]


def kinds(folder: Folder) -> dict[str, Kind]:
    return {drift.path: drift.kind for drift in folder.drifts}


def content_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file() and path.name != LOCK_NAME
    }


def test_new_folder_gets_every_file(tmp_path: Path) -> None:
    write(tmp_path / "out", OLD)

    assert content_of(tmp_path / "out") == OLD
    assert not compare(tmp_path / "out", OLD).drifts


def test_second_update_touches_no_file(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    assert write(tmp_path, OLD) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_changed_spec_makes_files_stale_missing_and_orphaned(tmp_path: Path) -> None:
    write(tmp_path, OLD)

    assert kinds(compare(tmp_path, NEW)) == {
        "ios/a.swift": Kind.STALE,
        "ios/new.swift": Kind.MISSING,
        "ios/sub/b.swift": Kind.ORPHAN,
    }


def test_orphan_of_the_tool_is_deleted_with_its_empty_folder(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    write(tmp_path, NEW)

    assert content_of(tmp_path) == NEW
    assert not (tmp_path / "ios/sub").exists()


def test_foreign_file_is_reported_and_kept(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/mine.swift").write_text("mine", encoding="utf-8")

    assert kinds(compare(tmp_path, OLD)) == {"ios/mine.swift": Kind.FOREIGN}
    assert write(tmp_path, OLD) == []
    assert (tmp_path / "ios/mine.swift").read_text(encoding="utf-8") == "mine"


def test_hand_edited_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/a.swift").write_text("mine", encoding="utf-8")
    folder = compare(tmp_path, NEW)

    assert kinds(folder)["ios/a.swift"] is Kind.HAND_EDITED
    with pytest.raises(HandEditedError, match=r"ios/a\.swift"):
        refuse_hand_edited(folder)


def test_hand_edited_orphan_is_kept(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/sub/b.swift").write_text("mine", encoding="utf-8")
    write(tmp_path, NEW)
    write(tmp_path, {**NEW, "ios/newer.swift": "newer"})
    write(tmp_path, NEW)

    assert content_of(tmp_path) == {**NEW, "ios/sub/b.swift": "mine"}
    assert kinds(compare(tmp_path, NEW)) == {"ios/sub/b.swift": Kind.ORPHAN}  # not forgotten


def test_hand_edited_orphan_is_deleted_with_force(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/sub/b.swift").write_text("mine", encoding="utf-8")
    write(tmp_path, NEW)
    bring_up_to_date(inspect(files(NEW), tmp_path, SCOPES, force=True))

    assert content_of(tmp_path) == NEW
    assert not compare(tmp_path, NEW).drifts


@pytest.mark.parametrize("content", ["", "content"])
def test_foreign_file_in_the_way_is_not_reported_as_hand_edited(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "ios").mkdir()
    (tmp_path / "ios/a.swift").write_text("mine", encoding="utf-8")
    folder = compare(tmp_path, {"ios/a.swift": content})

    assert kinds(folder) == {"ios/a.swift": Kind.IN_THE_WAY}
    with pytest.raises(HandEditedError, match="not written by bgsvc-gen"):
        refuse_hand_edited(folder)


def test_files_of_another_app_are_not_deleted(tmp_path: Path) -> None:
    bring_up_to_date(inspect(files(OLD), tmp_path, SCOPES, app="com.example.one"))
    folder = inspect(files(NEW), tmp_path, SCOPES, app="com.example.two")

    with pytest.raises(OutputError, match=r"another app, com\.example\.one"):
        refuse_another_app(folder)
    bring_up_to_date(folder)  # as --force does
    refuse_another_app(inspect(files(NEW), tmp_path, SCOPES, app="com.example.two"))


def test_files_of_other_targets_are_unchanged(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    write(tmp_path, {"ios/a.swift": "new a"}, scopes=("ios",))

    assert content_of(tmp_path) == {"ios/a.swift": "new a", "linux/c.service": "c"}
    assert set(read_lock(tmp_path).files) == {"ios/a.swift", "linux/c.service"}


def test_missing_lock_is_reported_and_written_again(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / LOCK_NAME).unlink()

    assert kinds(compare(tmp_path, OLD)) == {LOCK_NAME: Kind.MISSING}
    write(tmp_path, OLD)
    assert not compare(tmp_path, OLD).drifts


def test_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/a.swift").chmod(0o640)
    write(tmp_path, NEW)

    assert (tmp_path / "ios/a.swift").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 1}', '{"files": {"a": 1}}', "[" * 9999])
def test_damaged_lock_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK_NAME).write_text(text, encoding="utf-8")

    with pytest.raises(OutputError, match="is damaged"):
        compare(tmp_path, OLD)


class Crash(BaseException):
    """A simulated crash."""


CALLS = ("fsync", "replace", "unlink", "rmdir", "mkdir", "open", "chmod")


def crash_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Crash at the call with this number among those that change the disk; count all of them."""
    seen = 0

    def count_calls(original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            nonlocal seen
            seen += 1
            if seen >= number:
                raise Crash
            return original(*args, **options)

        return call

    for name in CALLS:
        monkeypatch.setattr(os, name, count_calls(getattr(os, name)))
    for name in ("open", "replace", "unlink", "rmdir", "mkdir", "chmod"):
        monkeypatch.setattr(Path, name, count_calls(getattr(Path, name)))
    return lambda: seen


def test_crash_at_any_call_leaves_each_file_old_or_new_and_the_next_run_completes(
    tmp_path: Path,
) -> None:
    crashes = 0
    for number in range(1, 500):
        root = tmp_path / str(number)
        write(root, OLD)
        folder = compare(root, NEW)
        with pytest.MonkeyPatch.context() as patch:
            crash_at(number, patch)
            try:
                bring_up_to_date(folder)
            except Crash:
                crashes += 1
            else:
                break
        for path, text in content_of(root).items():
            assert text in (OLD.get(path), NEW.get(path)) or path.endswith(".bgsvc-new")

        healing = compare(root, NEW)
        refuse_hand_edited(healing)
        bring_up_to_date(healing)
        assert {p: t for p, t in content_of(root).items() if not p.endswith(".bgsvc-new")} == NEW
        assert not compare(root, NEW).drifts
    assert crashes > 20


def test_changed_spec_after_a_crash_finds_no_hand_edited_file(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    folder = compare(tmp_path, NEW)
    with pytest.MonkeyPatch.context() as patch:
        count = 0

        def replace(path: Path, target: Path) -> None:
            nonlocal count
            count += 1
            if count > 2:  # the lock, then the first file
                raise Crash
            os.replace(path, target)  # noqa: PTH105 - Path.replace is what is patched

        patch.setattr(Path, "replace", replace)
        with pytest.raises(Crash):
            bring_up_to_date(folder)

    third = {"ios/a.swift": "third a", "linux/c.service": "third c"}

    refuse_hand_edited(compare(tmp_path, third))
    write(tmp_path, third)
    assert content_of(tmp_path) == third


def test_third_spec_after_two_crashes_finds_no_hand_edited_file(tmp_path: Path) -> None:
    def crash_after(replacements: int, content: dict[str, str]) -> None:
        folder = compare(tmp_path, content)
        with pytest.MonkeyPatch.context() as patch:
            count = 0

            def replace(path: Path, target: Path) -> None:
                nonlocal count
                count += 1
                if count > replacements:
                    raise Crash
                os.replace(path, target)  # noqa: PTH105 - Path.replace is what is patched

            patch.setattr(Path, "replace", replace)
            with pytest.raises(Crash):
                bring_up_to_date(folder)

    specs = [{"ios/a.swift": f"{n} a", "ios/b.swift": f"{n} b"} for n in range(4)]
    write(tmp_path, specs[0])
    crash_after(2, specs[1])  # the lock, and the first file
    crash_after(1, specs[2])  # the lock alone

    refuse_hand_edited(compare(tmp_path, specs[3]))
    write(tmp_path, specs[3])
    assert content_of(tmp_path) == specs[3]


def test_linked_target_folder_is_not_followed(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    write(root, OLD)
    (root / "ios").rename(elsewhere)
    (root / "ios").symlink_to(elsewhere)

    with pytest.raises(OutputError, match="symbolic link"):
        compare(root, {"linux/c.service": "c"})
    assert (elsewhere / "a.swift").is_file()


def test_foreign_pipe_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    os.mkfifo(tmp_path / "ios/pipe")

    assert kinds(compare(tmp_path, OLD)) == {"ios/pipe": Kind.FOREIGN}


def test_temporary_file_of_an_interrupted_run_is_removed(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / "ios/.gone.swift.123.bgsvc-new").write_text("half", encoding="utf-8")
    write(tmp_path, NEW)

    assert content_of(tmp_path) == NEW


def test_damaged_lock_is_ignored_with_force(tmp_path: Path) -> None:
    write(tmp_path, OLD)
    (tmp_path / LOCK_NAME).write_text("<<<<<<< ours", encoding="utf-8")

    bring_up_to_date(inspect(files(OLD), tmp_path, SCOPES, force=True))
    assert not compare(tmp_path, OLD).drifts


def test_failed_replacement_leaves_only_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    replace_file(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
