import pytest

from bgsvc_gen.lang import android_resource


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Syncing notes", '"Syncing notes"'),
        ("it's 100%", '"it\'s 100%"'),
        ("@string/app_name", '"@string/app_name"'),
        ('a "b" \\ c', r'"a \"b\" \\ c"'),
        ("<b> & ${x}", '"&lt;b&gt; &amp; ${x}"'),
        ("a\nb\u202ec", r'"a\nb\u202Ec"'),
        ("né 🐍", '"né 🐍"'),
    ],
)
def test_string_is_quoted(text: str, written: str) -> None:
    assert android_resource.string(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Keeps a diary", "Keeps a diary"),
        ("it's ${x} \\", r"it&#39;s \u0024{x} \\"),
        ("@string/app_name", r"\u0040string/app_name"),
        ("?attr/x", r"\u003Fattr/x"),
        ("#fff", r"\u0023fff"),
        ("12", r"\u00312"),
        ("TRUE", r"\u0054RUE"),
        ("truest", "truest"),
        ("🐍 charm", "🐍 charm"),
        ("", ""),
    ],
)
def test_attribute_stays_text(text: str, written: str) -> None:
    assert android_resource.attribute(text) == written


@pytest.mark.parametrize("text", ["a\0", "\ud83d"])
def test_nul_or_lone_surrogate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot carry the character"):
        android_resource.string(text)
    with pytest.raises(ValueError, match="cannot carry the character"):
        android_resource.attribute(text)
