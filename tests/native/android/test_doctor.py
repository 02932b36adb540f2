"""`bgsvc-gen doctor android` on real APKs, linked by aapt2, each with a planted fault."""

import io
import json
import random
import re
import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from bgsvc_gen.cli import main
from bgsvc_gen.doctor.android import CODES
from bgsvc_gen.doctor.android_apk import LIBRARY, PAGE, RUNTIME
from bgsvc_gen.doctor.android_manifest import MANIFEST
from bgsvc_gen.runtime_copy import RUNTIME_FOLDER, runtime_files
from bgsvc_gen.spec.load import load_spec
from tests.native.android.apps import CASES, App
from tests.native.android.tools import Aapt2

pytestmark = pytest.mark.native

Content = dict[str, bytes]
NAMESPACE: Final = 'xmlns:android="http://schemas.android.com/apk/res/android"'


def elf(alignment: int) -> bytes:
    """Return a native library as far as `doctor` reads it: one segment that is loaded."""
    head = struct.pack(
        "<4sB11xHHIQQQIHHHHHH", b"\x7fELF", 2, 3, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 0, 0, alignment)


def whole(apk: Path) -> Content:
    """Return what an APK with the host `cpython` holds, by name."""
    with zipfile.ZipFile(apk) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for abi in ("arm64-v8a", "armeabi-v7a"):
        content[f"lib/{abi}/{LIBRARY}"] = elf(PAGE)
        content[f"lib/{abi}/libpython3.14.so"] = elf(PAGE)
    for file in runtime_files():
        content[f"{RUNTIME}/{file.path.relative_to(RUNTIME_FOLDER)}"] = file.content
    return content


def pack(content: Content, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@dataclass(frozen=True)
class Fault:
    """A fault in a golden case, and the code that must be reported.

    Attributes:
        manifest: The old and the new text in the merged manifest, before it is linked.
        content: Changes the content of the APK.
        case: The golden case.
    """

    code: str
    manifest: tuple[str, str] | None = None
    content: Callable[[Content], object] | None = None
    case: str = "full"


FAULTS: Final[Mapping[str, Fault]] = {
    "another type": Fault("DA002", ('"connectedDevice|location"', '"connectedDevice"')),
    "no type": Fault("DA002", ('android:foregroundServiceType="specialUse"', "")),
    "another class": Fault("DA001", (".SyncService", ".OtherService")),
    "the job's class": Fault("DA001", (".UploadJob", ".OtherJob"), case="android-job"),
    "the job of finite tasks": Fault("DA001", (".FiniteTaskJob", ".OtherJob")),
    "the service of finite tasks": Fault("DA001", (".FiniteTaskService", ".OtherService")),
    "another type for finite tasks": Fault("DA002", ('"shortService"', '"dataSync"')),
    "no base permission": Fault("DA003", ('permission.FOREGROUND_SERVICE"', 'permission.VIBRATE"')),
    "no permission of the type": Fault("DA003", ("FOREGROUND_SERVICE_LOCATION", "NONE")),
    "no permission that the spec asks for": Fault("DA003", ("ACCESS_BACKGROUND_LOCATION", "NONE")),
    "no choice": Fault("DA004", ("ACCESS_COARSE_LOCATION", "NONE")),
    "an open receiver": Fault(
        "DA005", ('BootReceiver" android:exported="false"', 'BootReceiver" android:exported="true"')
    ),
    "no property": Fault("DA006", ("PROPERTY_SPECIAL_USE_FGS_SUBTYPE", "PROPERTY_OTHER")),
    "a job that anybody may bind": Fault(
        "DA007", ('android:permission="android.permission.BIND_JOB_SERVICE"', "")
    ),
    "an old target": Fault("DA008", ('targetSdkVersion="36"', 'targetSdkVersion="33"')),
    "a newer target": Fault("DA015", ('targetSdkVersion="36"', 'targetSdkVersion="37"')),
    "an old device": Fault("DA009", ('minSdkVersion="26"', 'minSdkVersion="21"')),
    "no boot receiver": Fault("DA010", ("BootReceiver", "OtherReceiver")),
    "no start before the first unlock": Fault(
        "DA016", ('android:directBootAware="true"', ""), case="android-direct-boot"
    ),
    "an older runtime": Fault(
        "DA011", content=lambda files: files.update({f"{RUNTIME}/_model/enums.py": b"OLD = True\n"})
    ),
    "no runtime": Fault(
        "DA011", content=lambda files: [files.pop(n) for n in list(files) if RUNTIME in n]
    ),
    "no library for an ABI": Fault(
        "DA013", content=lambda files: files.pop(f"lib/armeabi-v7a/{LIBRARY}")
    ),
    "no libraries": Fault(
        "DA013", content=lambda files: [files.pop(n) for n in list(files) if n[:4] == "lib/"]
    ),
    "pages of 4 KB": Fault(
        "DA014",
        content=lambda files: files.update({"lib/arm64-v8a/libpython3.14.so": elf(4096)}),
    ),
}


def doctor(path: Path, *options: str, case: str = "full") -> Result:
    spec = CASES / case / "bgsvc.toml"
    command = ["doctor", "android", str(path), "--spec", str(spec), *options]
    return CliRunner().invoke(main, command)


@pytest.fixture(scope="module")
def relinked(
    golden: Mapping[str, App], aapt2: Aapt2, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Fault], Path]:
    """Link a golden case again, with its own id and a changed manifest."""

    def relink(fault: Fault) -> Path:
        app = golden[fault.case]
        app_id = load_spec(CASES / fault.case / "bgsvc.toml").app.id
        text = app.manifest.read_text(encoding="utf-8").replace(app.spec.app.id, app_id)
        text = re.sub(r"\s+", " ", text)
        if fault.manifest is not None:
            old, new = fault.manifest
            assert old in text, old
            text = text.replace(old, new)
        build = tmp_path_factory.mktemp(fault.code)
        build.joinpath(MANIFEST).write_text(text, encoding="utf-8")
        assert aapt2.link(app.source_set, app_id, build) == ""
        return build / "app.apk"

    return relink


@pytest.fixture(scope="module")
def clean(relinked: Callable[[Fault], Path]) -> Path:
    return relinked(Fault("none"))


def test_complete_app_has_no_finding(clean: Path, tmp_path: Path) -> None:
    result = doctor(pack(whole(clean), tmp_path / "app.apk"), "--format", "json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault_in_the_linked_app_is_reported(
    name: str, clean: Path, relinked: Callable[[Fault], Path], tmp_path: Path
) -> None:
    fault = FAULTS[name]
    content = whole(clean if fault.manifest is None else relinked(fault))
    if fault.content is not None:
        fault.content(content)
    path = pack(content, tmp_path / "app.apk")
    result = doctor(path, "--format", "json", case=fault.case)
    findings = json.loads(result.stdout)

    assert result.exit_code == 1
    assert fault.code in {finding["code"] for finding in findings}
    assert all(finding["message"] and finding["fix"] for finding in findings)
    assert {finding["place"] for finding in findings} == {str(path)}


def test_every_code_has_a_planted_fault() -> None:
    in_projects = {"DA012"}

    assert {fault.code for fault in FAULTS.values()} | in_projects == set(CODES)


def test_finding_in_text_has_its_code_and_fix(clean: Path) -> None:
    result = doctor(clean)

    assert result.exit_code == 1
    assert f"{clean} DA013 the app has no native library" in result.stdout
    assert "fix: " in result.stdout


def assert_refused(path: Path) -> None:
    """Assert that `doctor` reports an error that names the file, or findings."""
    result = doctor(path)
    assert result.exit_code in {1, 2}, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert str(path) in result.output


@pytest.mark.parametrize("part", range(1, 10))
def test_truncated_app_is_an_error(part: int, clean: Path, tmp_path: Path) -> None:
    content = clean.read_bytes()
    path = tmp_path / "cut.apk"
    path.write_bytes(content[: len(content) * part // 10])
    result = doctor(path)

    assert result.exit_code == 2
    assert str(path) in result.output


def test_damaged_manifest_is_an_error_or_a_finding(clean: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(clean) as archive:
        manifest = archive.read(MANIFEST)
    generator = random.Random(1)  # noqa: S311 - the same each time
    path = tmp_path / MANIFEST
    for _ in range(300):
        damaged = bytearray(manifest)
        for _ in range(generator.randint(1, 6)):
            damaged[generator.randrange(len(damaged))] = generator.choice((0, 1, 0x7F, 0x80, 0xFF))
        path.write_bytes(
            damaged[: generator.choice((len(damaged), generator.randrange(len(damaged))))]
        )
        result = doctor(path)
        assert result.exit_code in {0, 1, 2}
        assert result.exception is None or isinstance(result.exception, SystemExit), damaged.hex()


def test_damaged_app_is_an_error_or_a_finding(clean: Path, tmp_path: Path) -> None:
    apk = pack(whole(clean), tmp_path / "whole.apk").read_bytes()
    generator = random.Random(2)  # noqa: S311 - the same each time
    path = tmp_path / "app.apk"
    for _ in range(150):
        damaged = bytearray(apk)
        # The end of an archive lists its members.
        for _ in range(3):
            damaged[-generator.randint(1, 6000)] = generator.randrange(256)
        path.write_bytes(damaged)
        result = doctor(path)
        assert result.exit_code in {0, 1, 2}
        assert result.exception is None or isinstance(result.exception, SystemExit)


def bomb() -> bytes:
    entities = "".join(
        f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' if level else '<!ENTITY e0 "ha">'
        for level in range(12)
    )
    return f"<!DOCTYPE manifest [{entities}]><manifest>&e11;</manifest>".encode()


HOSTILE: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "no zip": b"PK\x03\x04 and so on",
    "entities": bomb(),
    "a file of the machine": (
        b'<!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/passwd">]><manifest>&f;</manifest>'
    ),
    "numbers": (
        f'<manifest {NAMESPACE}><uses-sdk android:minSdkVersion="{"9" * 9000}"/></manifest>'
    ).encode(),
    "depth": b"<a>" * 100_000 + b"</a>" * 100_000,
    "binary of nothing": b"\x03\x00\x08\x00\x00\x00\x00\x00",
    "a pool of billions": struct.pack("<HHI", 3, 8, 64)
    + struct.pack("<HHI5I", 1, 28, 56, 0xFFFFFFFF, 0, 0, 28, 0),
    "random": random.Random(3).randbytes(4096),  # noqa: S311 - the same each time
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_an_error_or_a_finding(name: str, tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    path.write_bytes(HOSTILE[name])

    assert_refused(path)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_manifest_in_an_archive_is_an_error_or_a_finding(name: str, tmp_path: Path) -> None:
    assert_refused(pack({MANIFEST: HOSTILE[name]}, tmp_path / "app.apk"))


def test_manifest_that_decompresses_to_a_huge_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "app.apk"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, bytes(200 * 2**20))
    result = doctor(path)

    assert result.exit_code == 2
    assert "it is larger than" in result.output


def test_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / MANIFEST
    with path.open("wb") as file:
        file.truncate(2**40)
    result = doctor(path)

    assert result.exit_code == 2
    assert "it is larger than" in result.output


def test_app_bundle_is_an_error_that_names_it(tmp_path: Path) -> None:
    content = {"BundleConfig.pb": b"", "base/manifest/AndroidManifest.xml": b""}
    result = doctor(pack(content, tmp_path / "app.aab"))

    assert result.exit_code == 2
    assert "an app bundle has it in another form than an APK" in result.output


def test_encrypted_manifest_is_an_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(MANIFEST, b"<manifest/>")
    content = bytearray(buffer.getvalue())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    content[6] |= 1
    path = tmp_path / "app.apk"
    path.write_bytes(content)

    assert doctor(path).exit_code == 2


def test_commented_out_line_does_not_apply_the_script(
    golden: Mapping[str, App], tmp_path: Path
) -> None:
    merged = tmp_path / "app/build/intermediates/merged_manifests/debug" / MANIFEST
    merged.parent.mkdir(parents=True)
    shutil.copy(golden["full"].manifest, merged)
    script = tmp_path / "app/build.gradle.kts"
    script.write_text('// apply(from = "../native/bgsvc/android/bgsvc.gradle")\n', encoding="utf-8")

    assert "DA012" in doctor(tmp_path).output
