"""Which changes make a compilation run again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.native.ios.compilation import Argument, key_of
from tests.native.ios.swift import Swift

pytestmark = pytest.mark.native


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two sources, a module search path and a header."""
    (tmp_path / "a.swift").write_text("let a = 1\n", encoding="utf-8")
    (tmp_path / "b.swift").write_text("let b = 2\n", encoding="utf-8")
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules/Other.swiftmodule").write_bytes(b"other")
    (tmp_path / "headers").mkdir()
    (tmp_path / "headers/own.h").write_text("int own;\n", encoding="utf-8")
    return tmp_path


def key(folder: Path, *flags: str, compiler: str = "6.0.3") -> str:
    made = folder / "made.o"
    arguments: list[Argument] = [*flags, folder / "a.swift", folder / "b.swift"]
    arguments += ["-I", folder / "modules", "-o", made]
    return key_of(compiler, arguments, [made], [folder / "headers"])


CHANGES: dict[str, Callable[[Path], object]] = {
    "a source": lambda folder: (folder / "a.swift").write_text("let a = 2\n", encoding="utf-8"),
    "a module": lambda folder: (folder / "modules/Other.swiftmodule").write_bytes(b"changed"),
    "another module": lambda folder: (folder / "modules/New.swiftmodule").touch(),
    "a module map": lambda folder: (folder / "modules/module.modulemap").touch(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_key_after_an_input_changed_differs(folder: Path, change: str) -> None:
    before = key(folder)
    CHANGES[change](folder)

    assert key(folder) != before


def test_key_after_a_header_changed_differs(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other") / "copy"
    folder.rename(other)
    before = key(other)
    other.rename(folder)
    (folder / "headers/own.h").write_text("long own;\n", encoding="utf-8")

    assert key(folder) != before


def test_key_with_another_compiler_or_flag_differs(folder: Path) -> None:
    keys = {key(folder), key(folder, "-g"), key(folder, "-O"), key(folder, compiler="6.1")}

    assert len(keys) == 4


def test_key_after_a_source_was_renamed_differs(folder: Path) -> None:
    before = key_of("6.0.3", [folder / "a.swift"], [], [])
    (folder / "a.swift").rename(folder / "c.swift")

    assert key_of("6.0.3", [folder / "c.swift"], [], []) != before


def test_key_after_the_folder_moved_is_the_same(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = key(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    folder.rename(elsewhere)

    assert key(elsewhere) == before


def test_compile_twice_runs_the_compiler_again_only_after_a_refusal(
    swift: Swift, tmp_path: Path
) -> None:
    commands: list[tuple[Argument, ...]] = []

    class RecordingSwift(Swift):
        def diagnose(self, *command: Argument, timeout: float = 300) -> str:
            commands.append(command)
            return super().diagnose(*command, timeout=timeout)

    # Unique names and bytes, so that the cache cannot have it.
    right, wrong = tmp_path / f"{tmp_path.parent.name}.swift", tmp_path / "wrong.swift"
    right.write_text(f"// {tmp_path}\npublic let right = 1\n", encoding="utf-8")
    wrong.write_text("public let wrong: Int = true\n", encoding="utf-8")
    recording = RecordingSwift(swift.root, swift.folders, swift.scratch)

    for _ in range(2):
        made = tmp_path / "made.o"
        made.unlink(missing_ok=True)
        flags = ("-parse-as-library", *swift.cache, "-c", "-o", made)
        assert recording.compile(right, *flags, made=[made]) == ""
        assert made.stat().st_size > 0
        assert "cannot convert" in recording.compile(wrong, *flags, made=[made])

    assert [next(word for word in command if isinstance(word, Path)) for command in commands] == [
        right,
        wrong,
        wrong,
    ]
