"""Rules for every target; a new target is tested once it is in `TARGETS`."""

import dataclasses

import pytest
from jinja2 import meta

from bgsvc_gen import __version__
from bgsvc_gen.render import TEMPLATE_SUFFIX, environment, render
from bgsvc_gen.resources import templates_root
from bgsvc_gen.spec.model import Spec
from bgsvc_gen.targets import TARGETS
from bgsvc_gen.targets.base import Target

each_target = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.NAME)

NO_OUTPUT = ("README.md", "init")
"""Folders in `templates/` that belong to no target."""


def find_includes(name: str) -> set[str]:
    if not name.endswith(TEMPLATE_SUFFIX):
        return set()
    text = (templates_root() / name).read_text(encoding="utf-8")
    return {name for name in meta.find_referenced_templates(environment().parse(text)) if name}


def find_with_includes(names: set[str]) -> set[str]:
    """Return `names` and every template that they include, directly or not."""
    more = {inner for name in names for inner in find_includes(name)}
    return names if more <= names else find_with_includes(names | more)


@each_target
def test_same_spec_generates_the_same_bytes(target: Target, golden_specs: list[Spec]) -> None:
    for spec in golden_specs:
        assert list(render(target.plan(spec))) == list(render(target.plan(spec)))


@each_target
def test_output_path_is_unique_and_in_its_folder(target: Target, golden_specs: list[Spec]) -> None:
    for spec in golden_specs:
        paths = [file.path for file in render(target.plan(spec))]

        assert len({str(path).casefold() for path in paths}) == len(paths)
        assert not any(path.is_absolute() or ".." in path.parts for path in paths)


@each_target
def test_lines_have_no_trailing_blanks(target: Target, golden_specs: list[Spec]) -> None:
    for spec in golden_specs:
        for file in render(target.plan(spec)):
            text = file.content.decode()
            assert text.endswith("\n"), file.path
            assert not [line for line in text.split("\n") if line != line.rstrip()], file.path


@each_target
def test_output_contains_no_version_and_no_machine_path(
    target: Target, golden_specs: list[Spec]
) -> None:
    for spec in golden_specs:
        for file in render(target.plan(spec)):
            text = file.content.decode()
            assert str(templates_root().parent) not in text, file.path
            assert __version__ not in text, file.path


@each_target
def test_plan_is_frozen_data(target: Target, golden_specs: list[Spec]) -> None:
    plan = target.plan(golden_specs[0])

    assert dataclasses.is_dataclass(plan)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(plan, dataclasses.fields(plan)[0].name, None)


@each_target
def test_target_has_a_golden_case(target: Target, golden_specs: list[Spec]) -> None:
    assert any(target.plan(spec).outputs() for spec in golden_specs)


def test_every_template_is_used(golden_specs: list[Spec]) -> None:
    used = {
        output.template
        for target in TARGETS
        for spec in golden_specs
        for output in target.plan(spec).outputs()
    }
    shipped = {
        path.relative_to(templates_root()).as_posix()
        for path in templates_root().rglob("*")
        if path.is_file()
    }

    assert find_with_includes(used) == {name for name in shipped if not name.startswith(NO_OUTPUT)}
