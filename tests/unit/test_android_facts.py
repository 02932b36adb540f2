import re
import subprocess
import sys
from pathlib import Path

import pytest

from bgsvc_gen.facts.android import REFUSED, SERVICE_TYPES, Permission, ServiceType

EACH_TYPE = pytest.mark.parametrize("row", SERVICE_TYPES.values(), ids=SERVICE_TYPES)


def test_every_declarable_type_has_a_row_and_file_management_is_refused_by_name() -> None:
    assert len(SERVICE_TYPES) == 14
    assert list(REFUSED) == ["fileManagement"]
    assert not REFUSED.keys() & SERVICE_TYPES.keys()


def test_each_type_is_one_bit_of_its_own() -> None:
    values = [row.value for row in SERVICE_TYPES.values()]

    assert all(value.bit_count() == 1 for value in values)
    assert values == sorted(set(values))


@EACH_TYPE
def test_a_row_names_its_constant_after_the_type_and_says_where_its_facts_come_from(
    row: ServiceType,
) -> None:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in row.name)

    assert row.constant == f"FOREGROUND_SERVICE_TYPE_{words.upper()}"
    assert row.sources


@EACH_TYPE
def test_each_type_has_a_permission_of_its_own_but_short_service(row: ServiceType) -> None:
    own = row.constant.replace("_TYPE_", "_")

    assert (f"android.permission.{own}" in {each.name for each in row.permissions}) is (
        row.name != "shortService"
    )


@EACH_TYPE
def test_a_type_with_a_time_limit_is_not_sticky(row: ServiceType) -> None:
    assert row.sticky is (row.time_limit is None)


def test_the_boot_list_is_the_one_aosp_compiles_in() -> None:
    allowed = sum(row.value for row in SERVICE_TYPES.values() if row.boot_allowed)

    assert allowed == 0x40000718


def test_the_documentation_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs/android.md").read_text(encoding="utf-8")
    said = re.findall(r"^\| `(\w+)` \| (.*?)\| (.*?)\| (\w+) \| (\w+) \|$", text, re.MULTILINE)
    limits = {None: "", 180: "3 min", 21600: "6 h in 24 h"}
    words = {True: "yes", False: "no"}

    assert [
        (name, re.findall("`(.+?)`", permissions), limit.strip(), boot, sticky)
        for name, permissions, limit, boot, sticky in said
    ] == [
        (
            row.name,
            [each.name.rpartition(".")[2] for each in further_permissions(row)],
            limits[row.time_limit.seconds if row.time_limit else None],
            words[row.boot_allowed],
            words[row.sticky],
        )
        for row in SERVICE_TYPES.values()
    ]


def further_permissions(row: ServiceType) -> list[Permission]:
    return [each for each in row.permissions if ".FOREGROUND_SERVICE_" not in each.name]


def test_reading_the_facts_imports_neither_the_templates_nor_the_command_line() -> None:
    code = "import sys, bgsvc_gen.facts.android as _; print({'jinja2', 'click'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "set()"
