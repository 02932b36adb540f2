import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import tomli
from click.testing import CliRunner

from bgsvc_gen.cli import main
from bgsvc_gen.spec.key_table import key_tables
from bgsvc_gen.spec.keys import TEXTS, spec_keys
from bgsvc_gen.spec.schema import json_schema
from bgsvc_gen.spec.values import as_duration, seconds

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/golden/cases"

SPEC: dict[str, Any] = {
    "app": {"id": "com.example.notes"},
    "services": {"sync": {"entry": "notes.sync:SyncService", "android": {"types": ["dataSync"]}}},
}


@pytest.fixture(scope="module")
def validate() -> Callable[[object], object]:
    validator: Callable[[object], object] = fastjsonschema.compile(json_schema())
    return validator


def test_keys_and_descriptions_match() -> None:
    assert [".".join(key.path) for key in spec_keys()] != []
    assert {".".join(key.path) for key in spec_keys()} == set(TEXTS)


@pytest.mark.parametrize("case", sorted(path.parent.name for path in CASES.glob("*/bgsvc.toml")))
def test_schema_accepts_what_the_generator_accepts(
    validate: Callable[[object], object], case: str
) -> None:
    spec = tomli.loads((CASES / case / "bgsvc.toml").read_text(encoding="utf-8"))

    assert validate(spec) == spec


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("app", "nmae"), "Notes"),
        (("app", "id"), 1),
        (("services", "sync", "start_on_boot"), "yes"),
        (("services", "sync", "stop_timeout"), "10 seconds"),
        (("services", "sync", "label"), {"en": 1}),
        (("services", "sync", "restart"), {"limit": 0}),
        (("services", "sync", "android"), {"types": ["dataSynch"]}),
        (("services", "sync", "desktop"), {"scope": "global"}),
        (("services", "sync", "desktop"), {"environment": {"HOME": 1}}),
        (("services",), {}),
        (("permissions",), {"allow": ["everything"]}),
    ],
)
def test_schema_marks_a_wrong_value(
    validate: Callable[[object], object], path: tuple[str, ...], value: object
) -> None:
    spec = copy.deepcopy(SPEC)
    assert validate(spec) == spec
    table = spec
    for key in path[:-1]:
        table = table[key]
    table[path[-1]] = value

    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validate(spec)


@pytest.mark.parametrize("missing", [("app",), ("app", "id"), ("services", "sync", "entry")])
def test_schema_marks_a_missing_required_key(
    validate: Callable[[object], object], missing: tuple[str, ...]
) -> None:
    spec = copy.deepcopy(SPEC)
    table = spec
    for key in missing[:-1]:
        table = table[key]
    del table[missing[-1]]

    with pytest.raises(fastjsonschema.JsonSchemaValueException):
        validate(spec)


@pytest.mark.parametrize("length", [0.25, 1.0, 90.0, 900.0, 5400.0, 21600.0, 86400.0])
def test_duration_is_written_as_it_is_read(length: float) -> None:
    assert seconds(as_duration(length)) == length


def test_command_prints_the_schema() -> None:
    result = CliRunner().invoke(main, ["schema"])

    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema()


def test_documentation_has_every_key(request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs/spec.md"
    text = path.read_text(encoding="utf-8")
    block = re.search(r"<!-- keys: .*-->\n((?s:.*?))<!-- /keys -->", text)

    assert block
    if request.config.getoption("--update-golden"):
        new = text[: block.start(1)] + "\n" + key_tables() + "\n" + text[block.end(1) :]
        path.write_text(new, encoding="utf-8")
    else:
        assert block[1] == "\n" + key_tables() + "\n"
