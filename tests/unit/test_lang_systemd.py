import pytest

from bgsvc_gen.lang import systemd


def test_percent_sign_does_not_start_a_specifier() -> None:
    assert systemd.value("100% %h") == "100%% %%h"


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0", "a\ufdd0", "\U0001ffff", "\ud83d"])
def test_character_that_ends_or_voids_a_line_is_refused_in_a_value(text: str) -> None:
    with pytest.raises(ValueError, match="a systemd value cannot carry the character"):
        systemd.value(text)


@pytest.mark.parametrize("text", [" a", "a\t", "C:\\", "a\\\\"])
def test_edge_that_systemd_would_drop_or_join_is_refused_in_a_value(text: str) -> None:
    with pytest.raises(ValueError, match="cannot begin or end like"):
        systemd.value(text)


def test_value_can_start_with_a_blank_unknown_to_systemd() -> None:
    assert systemd.value("\u3000a") == "\u3000a"


def test_plain_argument_is_not_quoted() -> None:
    assert systemd.exec_argument("--entry=notes.sync:SyncService") == (
        "--entry=notes.sync:SyncService"
    )


def test_argument_expands_neither_variables_nor_specifiers() -> None:
    assert systemd.exec_argument("100% $HOME ${x}") == '"100%% $$HOME $${x}"'


def test_empty_argument_remains_an_argument() -> None:
    assert systemd.exec_argument("") == '""'


def test_lone_semicolon_does_not_end_the_command() -> None:
    assert systemd.exec_argument(";") == '";"'


def test_line_feed_does_not_end_the_setting() -> None:
    assert systemd.exec_argument("a\nb\x1b") == r'"a\nb\x1b"'


def test_assignment_keeps_its_dollar() -> None:
    assert systemd.environment("A=100% $HOME") == '"A=100%% $HOME"'


@pytest.mark.parametrize("text", ["a\0", "a\ufdd0", "\U0010fffe", "\udc0d"])
def test_character_that_voids_a_line_is_refused_in_an_argument(text: str) -> None:
    with pytest.raises(ValueError, match="a systemd unit cannot carry the character"):
        systemd.exec_argument(text)
