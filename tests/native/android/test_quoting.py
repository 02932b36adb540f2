"""Authors' texts in resources and manifests, as aapt2 reads them."""

import json
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bgsvc_gen.doctor.android_manifest import NAMESPACE as NAMESPACE_OF
from bgsvc_gen.doctor.android_manifest import read_manifest
from bgsvc_gen.lang import android_resource
from bgsvc_gen.lang import kotlin as kotlin_lang
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.spec.values import is_text
from tests.native.android.apps import Build, write
from tests.native.android.maven import ClassPath
from tests.native.android.sdk import android_jar
from tests.native.android.tools import Aapt2, KotlinCompiler

pytestmark = pytest.mark.native

TEXTS = st.lists(
    st.text(
        st.sampled_from("a@?#\\\"'%$${}<&>]:/ 0x1\t\n-")
        | st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    ),
    max_size=40,
)
HOSTILE = (
    *("@string/app_name", "?attr/x", "@null", "@empty", "#fff", "12", "0x12", "-1.5", "1dp"),
    *("true", "FALSE", " true", "true ", "it's", '"quoted"', "100% %s %d", "\\n \\u0041 \\"),
    *("  two  spaces  ", "tab\there", "line\nbreak", "${applicationId}", "<b>&amp;</b> ]]>", ""),
    *("né 🐍 مزامنة", "\u202e\u2028\ufeff", "\x01\x7f\x85", "\ufffe\uffff"),
)
ATTRIBUTE = '<property android:name="p" android:value="{}" />'
STRING = '<string name="s{}" formatted="false">{}</string>'
NAMESPACE = 'xmlns:android="http://schemas.android.com/apk/res/android"'


@settings(max_examples=15, deadline=None)
@given(TEXTS)
@example(HOSTILE)
def test_text_reads_back_from_a_string_resource(aapt2: Aapt2, texts: Sequence[str]) -> None:
    strings = "".join(
        STRING.format(index, android_resource.string(text)) for index, text in enumerate(texts)
    )

    assert set(texts) <= set(linked(aapt2, strings, "").of_resources())


@settings(max_examples=15, deadline=None)
@given(TEXTS)
@example(HOSTILE)
def test_text_reads_back_from_an_attribute(aapt2: Aapt2, texts: Sequence[str]) -> None:
    properties = "".join(ATTRIBUTE.format(android_resource.attribute(text)) for text in texts)

    assert set(texts) <= set(linked(aapt2, "", properties).of_manifest())


class Pools:
    """The texts in a linked app; one that aapt2 read as a number or a reference is not there."""

    def __init__(self, apk: Path) -> None:
        with zipfile.ZipFile(apk) as archive:
            self._resources = archive.read("resources.arsc")
            self._manifest = archive.read("AndroidManifest.xml")

    def of_resources(self) -> Iterator[str]:
        return texts_of(self._resources[12:])

    def of_manifest(self) -> Iterator[str]:
        return texts_of(self._manifest[8:])


def linked(aapt2: Aapt2, strings: str, properties: str) -> Pools:
    with TemporaryDirectory() as name:
        folder = Path(name)
        values = folder / "res/values"
        values.mkdir(parents=True)
        values.joinpath("s.xml").write_text(f"<resources>{strings}</resources>", encoding="utf-8")
        folder.joinpath("AndroidManifest.xml").write_text(
            f"<manifest {NAMESPACE}><application>{properties}</application></manifest>",
            encoding="utf-8",
        )
        assert aapt2.link(folder, "org.example", folder / "build") == ""
        return Pools(folder / "build/app.apk")


def texts_of(pool: bytes) -> Iterator[str]:
    """Read a ResStringPool: a header, offsets, and texts that begin with their lengths."""
    count, _, flags, start = struct.unpack_from("<4I", pool, 8)
    is_utf_8 = bool(flags & 0x100)
    for offset in struct.unpack_from(f"<{count}I", pool, 28):
        at = start + offset
        if is_utf_8:
            _, at = length(pool, at, 1)
        size, at = length(pool, at, 1 if is_utf_8 else 2)
        content = pool[at : at + (size if is_utf_8 else size * 2)]
        # In UTF-8 pools a character beyond the first plane is two surrogates.
        text = content.decode("utf-8" if is_utf_8 else "utf-16-le", "surrogatepass")
        yield text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def length(pool: bytes, at: int, width: int) -> tuple[int, int]:
    """Read a length of one or two units of `width` bytes; return it, and where it ends."""
    top = 0x80 if width == 1 else 0x8000
    first = int.from_bytes(pool[at : at + width], "little")
    if first < top:
        return first, at + width
    second = int.from_bytes(pool[at + width : at + 2 * width], "little")
    return (first - top) << (8 * width) | second, at + 2 * width


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS)
@example(HOSTILE)
def test_text_reads_back_from_a_compiled_class(
    kotlin: KotlinCompiler, kotlin_stdlib: Path, texts: Sequence[str]
) -> None:
    lines = (f"const val TEXT_{i} = {kotlin_lang.string(text)}\n" for i, text in enumerate(texts))
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("Texts.kt").write_text("".join(lines), encoding="utf-8")
        printed = kotlin.compile([folder / "Texts.kt"], [kotlin_stdlib], folder / "out")
        assert printed == ""
        constants = [
            text
            for file in folder.joinpath("out").glob("*.class")
            for text in constants_of(file.read_bytes())
        ]

    assert set(texts) <= set(constants)


WIDTHS: Final = {7: 2, 8: 2, 16: 2, 19: 2, 20: 2, 15: 3, 3: 4, 4: 4, 9: 4, 10: 4, 11: 4, 12: 4}
"""Bytes of a constant behind its tag; 17 and 18 have 4, 5 and 6 have 8 and count twice."""


def constants_of(content: bytes) -> Iterator[str]:
    """Read the texts in a class file's constant pool, JVM specification 4.4."""
    count = int.from_bytes(content[8:10], "big")
    index, at = 1, 10
    while index < count:
        tag = content[at]
        at += 1
        if tag == 1:
            size = int.from_bytes(content[at : at + 2], "big")
            # A character beyond the first plane is two surrogates, and NUL has two bytes.
            plain = content[at + 2 : at + 2 + size].replace(b"\xc0\x80", b"\0")
            text = plain.decode("utf-8", "surrogatepass")
            yield text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            at += 2 + size
        else:
            at += {5: 8, 6: 8, 17: 4, 18: 4}.get(tag, WIDTHS.get(tag, 0))
        index += 2 if tag in {5, 6} else 1


LINES: Final = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(is_text)
"""What a spec accepts as a text that users see."""


@pytest.fixture(scope="module")
def platform(sdk: Path, kotlin_stdlib: Path, jars: Mapping[str, ClassPath]) -> Sequence[Path]:
    return (android_jar(sdk, 36), kotlin_stdlib, *jars["chaquopy"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(LINES, min_size=6, max_size=6))
@example(
    ['"$a${b}"\\', "it's @string/x", "<b>&amp;]]>", "?x %s \\n", "مزامنة \u202e\u200f", "né 🐍"]
)
def test_texts_of_a_spec_read_back_from_the_built_app(
    build: Build,
    kotlin: KotlinCompiler,
    platform: Sequence[Path],
    support_jar: Path,
    texts: Sequence[str],
) -> None:
    label, german, why, stop, resume, pressed = texts
    with TemporaryDirectory() as name:
        folder = Path(name)
        spec = folder / "bgsvc.toml"
        spec.write_text(
            '[app]\nid = "org.example"\n[services.sync]\nentry = "a:B"\n'
            f"label = {{ en = {toml(label)}, de = {toml(german)} }}\n"
            f'[services.sync.android]\ntypes = ["specialUse"]\nspecial_use = {toml(why)}\n'
            f"notification.stop = {toml(stop)}\nnotification.resume = {toml(resume)}\n"
            f"notification.actions.pause = {toml(pressed)}\n",
            encoding="utf-8",
        )
        write(load_spec(spec), folder / "app")
        app = build.apps({folder / "app": load_spec(spec)}, folder)["app"]
        assert app.problems == ""
        classes = [*platform, support_jar]
        assert kotlin.compile(app.own_sources, classes, folder / "out") == ""
        pools = Pools(app.apk)
        constants = {
            text
            for file in folder.joinpath("out").rglob("*.class")
            for text in constants_of(file.read_bytes())
        }

        assert {label, german, stop, resume, pressed} <= set(pools.of_resources())
        properties = read_manifest(app.apk).iter("property")
        assert [each.get(f"{NAMESPACE_OF}value") for each in properties] == [why]
        [config] = [json.loads(text) for text in constants if text.startswith('{"name"')]
        assert config["label"] == {"en": label, "de": german}


def toml(text: str) -> str:
    """Return a basic string; JSON writes one, but for the characters beyond the first plane."""
    return json.dumps(text, ensure_ascii=False)
