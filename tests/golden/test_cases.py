"""Every case folder contains a `bgsvc.toml` and exactly the files that it generates.

A new case is a new folder; nothing here changes. `--update-golden` rewrites them.
Files that are copied as they are stand once in `templates/` or `runtime/`, not in every case:
`tests/contract/test_copies.py` holds them to the byte.
"""

import shutil
from pathlib import Path

import pytest

from bgsvc_gen.pipeline import generate
from bgsvc_gen.render import TEMPLATE_SUFFIX
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets import TARGETS

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/bgsvc.toml"))


def generate_files(case: Path) -> dict[str, str]:
    spec = load_spec(case / "bgsvc.toml")
    rendered = {
        (target.NAME / output.path).as_posix()
        for target in TARGETS
        for output in target.plan(spec).outputs()
        if output.template.endswith(TEMPLATE_SUFFIX)
    }
    return {
        file.path.as_posix(): file.content.decode()
        for file in generate(spec)
        if file.path.as_posix() in rendered
    }


def read_recorded(case: Path) -> dict[str, str]:
    return {
        path.relative_to(case).as_posix(): path.read_text(encoding="utf-8")
        for path in case.rglob("*")
        if path.is_file() and path.name != "bgsvc.toml"
    }


def rewrite(case: Path, files: dict[str, str]) -> None:
    for target in TARGETS:
        shutil.rmtree(case / target.NAME, ignore_errors=True)
    for name, text in files.items():
        path = case / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_generates_the_recorded_files(case: Path, request: pytest.FixtureRequest) -> None:
    files = generate_files(case)
    if request.config.getoption("--update-golden"):
        rewrite(case, files)

    expected = read_recorded(case)

    assert sorted(files) == sorted(expected)
    for path, text in files.items():
        assert text == expected[path], path


def test_cases_exist() -> None:
    assert len(CASES) > 10
