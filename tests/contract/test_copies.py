"""Copied files are identical to their sources."""

from bgsvc_gen.pipeline import generate
from bgsvc_gen.render import TEMPLATE_SUFFIX
from bgsvc_gen.resources import runtime_root, templates_root
from bgsvc_gen.runtime_copy import HEADER, PHONE_ROOMS, RUNTIME_FOLDER
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import TARGETS

MAX_FILES = 60
MAX_BYTES = 300_000


def test_support_source_is_copied_verbatim(golden_specs: list[Spec]) -> None:
    for spec in golden_specs:
        files = {file.path: file.content for file in generate(spec)}
        for target in TARGETS:
            for output in target.plan(spec).outputs():
                if not output.template.endswith(TEMPLATE_SUFFIX):
                    copied = files[target.NAME / output.path]
                    assert copied == (templates_root() / output.template).read_bytes()


def test_phones_share_one_copy_of_their_rooms_of_the_runtime(golden_specs: list[Spec]) -> None:
    shipped = {
        path.relative_to(runtime_root()).as_posix(): path.read_bytes()
        for path in runtime_root().rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    of_phones = {
        name: HEADER + content if name.endswith(".py") else content
        for name, content in shipped.items()
        if name.partition("/")[0] in PHONE_ROOMS
    }
    prefix = f"{RUNTIME_FOLDER.as_posix()}/"
    for spec in golden_specs:
        files = {file.path.as_posix(): file.content for file in generate(spec)}
        carried = {p.removeprefix(prefix): c for p, c in files.items() if p.startswith(prefix)}
        embeds = any(target.EMBEDS_PYTHON and target.plan(spec).outputs() for target in TARGETS)
        assert carried == (of_phones if embeds else {})
        assert [p for p in files if "bgsvc/bridge.py" in p and not p.startswith(prefix)] == []


def test_every_room_of_the_phones_exists() -> None:
    assert {name for name in PHONE_ROOMS if not (runtime_root() / name).exists()} == set()


def test_copy_of_the_runtime_stays_small(golden_specs: list[Spec]) -> None:
    prefix = f"{RUNTIME_FOLDER.as_posix()}/"
    largest = [
        [file.content for file in generate(spec) if file.path.as_posix().startswith(prefix)]
        for spec in golden_specs
    ]

    assert 0 < max(map(len, largest)) <= MAX_FILES
    assert max(sum(map(len, contents)) for contents in largest) <= MAX_BYTES
