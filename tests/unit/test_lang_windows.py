import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bgsvc_gen.lang import windows

ARGUMENTS = st.lists(
    st.text(
        st.sampled_from("ab \\\"'") | st.characters(exclude_categories=["Cc", "Cs"]), max_size=12
    ).filter(lambda text: "%" not in text and "$(" not in text)
)


def read(line: str) -> list[str]:
    """Split a command line as CommandLineToArgvW does, without the program name."""
    arguments: list[str] = []
    current: str | None = None
    quoted, backslashes = False, 0
    for character in [*line, " "]:
        if character == "\\":
            backslashes += 1
            continue
        if backslashes:
            kept = backslashes // 2 if character == '"' else backslashes
            current = (current or "") + "\\" * kept
        escaped, backslashes = character == '"' and backslashes % 2 == 1, 0
        if character == '"' and not escaped:
            quoted, current = not quoted, current or ""
        elif character in " \t" and not quoted:
            arguments += [] if current is None else [current]
            current = None
        else:
            current = (current or "") + character
    assert not quoted, line
    return arguments


@given(ARGUMENTS)
@example(["a\\", 'b"', '\\"', "c\\\\ d\\", ""])
def test_reader_agrees_with_list2cmdline(arguments: list[str]) -> None:
    assert read(subprocess.list2cmdline(arguments)) == arguments


@given(ARGUMENTS)
@example(["a\\", 'b"', '\\"', "c\\\\ d\\", ""])
def test_arguments_read_back_unchanged(arguments: list[str]) -> None:
    assert read(" ".join(map(windows.argument, arguments))) == arguments


def test_plain_argument_is_not_quoted() -> None:
    assert windows.argument("C:\\notes\\") == "C:\\notes\\"


@pytest.mark.parametrize("text", ["100%", "100% or 50% off", "$price"])
def test_percent_sign_without_a_variable_is_kept(text: str) -> None:
    assert text in windows.argument(text)


@pytest.mark.parametrize("text", ["%PATH%", "a %OS% b", "x $(Arg0)"])
def test_text_that_windows_would_expand_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Windows would expand"):
        windows.argument(text)


@pytest.mark.parametrize("text", ["a\0", "a\nb", "\x1b"])
def test_control_character_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a Windows command line cannot carry"):
        windows.argument(text)
