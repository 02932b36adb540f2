import pytest

from bgsvc_gen.spec import values


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("1s", 1), ("1.5s", 1.5), ("15m", 900), ("6h", 21600), ("1d", 86400)],
)
def test_number_with_a_unit_is_a_duration(text: str, seconds: float) -> None:
    assert values.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "s", "1 s", "-1s", "1S", "1e3s", "٣s", "1.s", "1w"])
def test_other_text_is_not_a_duration(text: str) -> None:
    assert values.seconds(text) is None


@pytest.mark.parametrize("text", ["com.example", "com.example.Notes2", "a.b-c", "a.b_c"])
def test_reverse_dns_name_is_an_app_id(text: str) -> None:
    assert values.is_app_id(text)


@pytest.mark.parametrize("text", ["", "notes", "com.", ".com", "a..b", "com.2x", "com.é", "a.b\n"])
def test_other_text_is_not_an_app_id(text: str) -> None:
    assert not values.is_app_id(text)


@pytest.mark.parametrize(
    ("app_id", "segment"),
    [("com.my-app", "my-app"), ("com.new.app", "new"), ("com.fun.x", "fun"), ("com.app", None)],
)
def test_segment_that_android_refuses_is_returned(app_id: str, segment: str | None) -> None:
    assert values.unfit_segment(app_id) == segment


@pytest.mark.parametrize("text", ["sync", "sync-notes", "sync_2", "a1"])
def test_lower_case_word_is_a_service_name(text: str) -> None:
    assert values.is_service_name(text)


@pytest.mark.parametrize(
    "text", ["", "Sync", "2nd", "-a", "a-", "a--b", "a b", "é", "nul", "com1", "a" * 65, "a\n"]
)
def test_other_text_is_not_a_service_name(text: str) -> None:
    assert not values.is_service_name(text)


@pytest.mark.parametrize("text", ["notes:Sync", "notes.sync:SyncService", "a._b:C"])
def test_module_and_class_are_an_entry(text: str) -> None:
    assert values.is_entry(text)


@pytest.mark.parametrize(
    "text", ["", "notes", "notes:", ":Sync", "notes:a.B", "a/b:C", "a.class:C", "a b:C", "é:C"]
)
def test_other_text_is_not_an_entry(text: str) -> None:
    assert not values.is_entry(text)


@pytest.mark.parametrize("text", ["Notes", "é 🐍", "مزامنة", 'a "b" $c %d \\ <e>'])
def test_one_readable_line_is_a_text(text: str) -> None:
    assert values.is_text(text)


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\0", "\x1b[0m", "a\x7f", "\ufffe", "a\u2028b"])
def test_control_characters_and_blanks_are_not_a_text(text: str) -> None:
    assert not values.is_text(text)
