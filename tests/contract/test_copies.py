"""What is copied is copied to the byte."""

from bgsvc_gen.pipeline import RUNTIME_FOLDER, generate
from bgsvc_gen.render import TEMPLATE_SUFFIX
from bgsvc_gen.resources import runtime_root, templates_root
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import TARGETS


def test_support_sources_are_copied_as_they_are(golden_specs: list[Spec]) -> None:
    for spec in golden_specs:
        files = {file.path: file.content for file in generate(spec)}
        for target in TARGETS:
            for output in target.plan(spec).outputs():
                if not output.template.endswith(TEMPLATE_SUFFIX):
                    copied = files[target.NAME / output.path]
                    assert copied == (templates_root() / output.template).read_bytes()


def test_a_target_that_embeds_python_carries_the_whole_runtime(golden_specs: list[Spec]) -> None:
    shipped = {
        path.relative_to(runtime_root()).as_posix(): path.read_bytes()
        for path in runtime_root().rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for spec in golden_specs:
        files = {file.path.as_posix(): file.content for file in generate(spec)}
        for target in TARGETS:
            prefix = f"{(target.NAME / RUNTIME_FOLDER).as_posix()}/"
            carried = {p.removeprefix(prefix): c for p, c in files.items() if p.startswith(prefix)}
            expected = shipped if target.CARRIES_RUNTIME and target.plan(spec).outputs() else {}
            assert carried == expected
