import re
import subprocess
import sys
from pathlib import Path

import pytest

from bgsvc_gen.facts.android import REFUSED, SERVICE_TYPES, ServiceType
from bgsvc_gen.facts.android_table import long_table, short_table

EACH_TYPE = pytest.mark.parametrize("row", SERVICE_TYPES.values(), ids=SERVICE_TYPES)


def test_declarable_types_have_rows_and_file_management_is_refused() -> None:
    assert len(SERVICE_TYPES) == 14
    assert list(REFUSED) == ["fileManagement"]
    assert not REFUSED.keys() & SERVICE_TYPES.keys()


def test_each_type_has_its_own_bit() -> None:
    values = [row.value for row in SERVICE_TYPES.values()]

    assert all(value.bit_count() == 1 for value in values)
    assert values == sorted(set(values))


@EACH_TYPE
def test_row_has_its_constant_and_sources(
    row: ServiceType,
) -> None:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in row.name)

    assert row.constant == f"FOREGROUND_SERVICE_TYPE_{words.upper()}"
    assert row.sources


@EACH_TYPE
def test_each_type_but_short_service_has_its_own_permission(row: ServiceType) -> None:
    own = row.constant.replace("_TYPE_", "_")

    assert (f"android.permission.{own}" in {each.name for each in row.permissions}) is (
        row.name != "shortService"
    )


@EACH_TYPE
def test_type_with_a_time_limit_is_not_sticky(row: ServiceType) -> None:
    assert row.sticky is (row.time_limit is None)


def test_boot_list_is_that_of_aosp() -> None:
    allowed = sum(row.value for row in SERVICE_TYPES.values() if row.boot_allowed)

    assert allowed == 0x40000718


@pytest.mark.parametrize(
    ("file", "of", "table"),
    [
        ("README.md", "what each may do", short_table()),
        ("docs/android.md", "what each may do", short_table()),
        ("docs/android.md", "what each wants", long_table()),
    ],
)
def test_documentation_has_the_facts(
    file: str, of: str, table: str, request: pytest.FixtureRequest
) -> None:
    path = Path(__file__).parents[2] / file
    text = path.read_text(encoding="utf-8")
    block = re.search(rf"<!-- types: {of};.*-->\n((?s:.*?))<!-- /types -->", text)

    assert block
    if request.config.getoption("--update-golden"):
        path.write_text(text[: block.start(1)] + table + text[block.end(1) :], encoding="utf-8")
    else:
        assert block[1] == table


@EACH_TYPE
def test_declared_permissions_are_enough_at_every_api_level(row: ServiceType) -> None:
    declared = {each.name for each in row.permissions}

    for level in (34, 35, 36, 37):
        choices = set(row.choices_at(level))
        assert not choices or declared & choices, level


def test_body_sensors_permission_ends_at_api_35() -> None:
    health = SERVICE_TYPES["health"]
    body, heart = "android.permission.BODY_SENSORS", "android.permission.health.READ_HEART_RATE"

    assert body in health.choices_at(35)
    assert body not in health.choices_at(36)
    assert heart not in health.choices_at(35)
    assert heart in health.choices_at(36)
    assert len(health.choices_at(37)) > len(health.choices_at(36))


def test_facts_import_neither_jinja_nor_click() -> None:
    code = "import sys, bgsvc_gen.facts.android as _; print({'jinja2', 'click'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "set()"
