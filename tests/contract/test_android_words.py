"""The words that Kotlin puts on the wire or hands to an app are those of the vectors."""

import json
import re
from pathlib import Path

import pytest

from bgsvc_gen.resources import templates_root

VECTORS = Path(__file__).parents[1] / "vectors"
SUPPORT = templates_root() / "android/support"


@pytest.mark.parametrize("path", sorted(SUPPORT.glob("*.kt")), ids=lambda path: path.stem)
def test_an_error_of_kotlins_has_a_code_that_the_vectors_know(path: Path) -> None:
    known = json.loads(VECTORS.joinpath("words.json").read_text(encoding="utf-8"))["errorCodes"]
    codes = re.findall(r"BgsvcError\(\"(.*?)\"", path.read_text(encoding="utf-8"))

    assert set(codes) <= set(known)


def test_every_request_of_kotlins_is_one_of_the_vectors() -> None:
    vectors = json.loads(VECTORS.joinpath("requests.json").read_text(encoding="utf-8"))
    known = {vector["message"]["type"] for vector in vectors}
    text = "".join(path.read_text(encoding="utf-8") for path in SUPPORT.glob("*.kt"))
    sent = set(re.findall(r'put\("type", "(.*?)"\)', text)) | set(
        re.findall(r'message\("(.*?)"\)', text)
    )

    assert sent <= known
    assert sent >= {"hello", "start", "stop", "action", "appState", "finiteTaskExpire"}


def test_every_message_of_pythons_is_known_to_kotlin() -> None:
    vectors = json.loads(VECTORS.joinpath("messages.json").read_text(encoding="utf-8"))
    sent = {vector["message"]["type"] for vector in vectors}
    text = SUPPORT.joinpath("BgsvcProcess.kt").read_text(encoding="utf-8")

    assert {kind for kind in sent if f'"{kind}" ->' in text} == sent
