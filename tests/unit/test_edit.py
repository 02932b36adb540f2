"""`--type` changes one value of a spec and nothing else."""

from pathlib import Path

import pytest
import tomli

from bgsvc_gen.errors import UsageError
from bgsvc_gen.spec.edit import set_types
from bgsvc_gen.spec.source import parse_source

ONE = """\
# kept comment
[app]
id    =   "com.example.notes"  # kept spacing

[services.sync]
entry = 'notes.sync:SyncService'

[services.sync.android]
# why dataSync
types = [ "location" ] # kept too
host = "cpython"
"""


def edit(text: str, types: list[str], service: str | None = None, name: str = "bgsvc.toml") -> str:
    return set_types(parse_source(Path(name), text), service, types).text


def test_only_the_value_changes() -> None:
    assert edit(ONE, ["dataSync"]) == ONE.replace('[ "location" ]', '["dataSync"]')


def test_same_types_leave_every_byte() -> None:
    assert edit(ONE, ["location"]) == ONE


def test_comments_in_a_multiline_array_are_kept() -> None:
    lines = 'types = [\n  "dataSync",  # for uploads\n  "location",  # for tracks\n]'
    text = ONE.replace('types = [ "location" ] # kept too', lines)

    kept = edit(text, ["dataSync"])

    assert "# for uploads" in kept
    assert tomli.loads(kept)["services"]["sync"]["android"]["types"] == ["dataSync"]


def test_new_table_has_a_blank_line_before_the_next() -> None:
    text = '[app]\nid = "a.b"\n[services.sync]\nentry = "a:B"\n[permissions]\nallow = []\n'

    assert 'types = ["dataSync"]\n\n[permissions]\n' in edit(text, ["dataSync"])


def test_line_ends_are_kept() -> None:
    assert edit(ONE.replace("\n", "\r\n"), ["dataSync"]).count("\r\n") == ONE.count("\n")


def test_missing_table_is_added() -> None:
    text = '[app]\nid = "a.b"\n\n[services.sync]\nentry = "a:B"\n\n[permissions]\nallow = []\n'

    document = tomli.loads(edit(text, ["dataSync", "location"]))

    assert document["services"]["sync"]["android"] == {"types": ["dataSync", "location"]}
    assert document["permissions"] == {"allow": []}


STYLES = [
    'services = { sync = { entry = "a:B" } }\n[app]\nid = "a.b"\n',
    'services.sync.entry = "a:B"\n[app]\nid = "a.b"\n',
    'app.id = "a.b"\nservices.sync.entry = "a:B"\n',
    'app.id = "a.b"\n[services]\nsync.entry = "a:B"\nsync.label = "x"\n',
    '[app]\nid = "a.b"\n[services]\nsync = { entry = "a:B", android = { host = "cpython" } }\n',
    '[app]\nid = "a.b"\n[services.sync]\nentry = "a:B"\nandroid.host = "cpython"\n',
    '[app]\nid = "a.b"\n[services.sync]\nentry = "a:B"\n[services.sync.android]\n',
    '[app]\nid = "a.b"\n[services."sync"]\nentry = "a:B"\n\n# of app 2\n[permissions]',
    '[services.sync]\nentry = "a:B" # last',
    '[services.sync]\nlabel = """\n[not.a.table]\n# nor a comment"""\nentry = "a:B"\n',
    "[services.sync]\n[services.sync.ios]\nrefresh = {}\n",
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("text", STYLES)
def test_every_way_to_write_a_table_can_be_edited(text: str, ending: str) -> None:
    text = text.replace("\n", ending)
    before = tomli.loads(text)

    after = edit(text, ["dataSync"])

    before["services"]["sync"].setdefault("android", {})["types"] = ["dataSync"]
    assert tomli.loads(after) == before
    assert set(text.split(ending)) - {""} <= set(after.split(ending)) or "{" in text
    assert after.count("\n") == after.count(ending)


def test_dotted_keys_below_one_header_of_a_pyproject_stay_below_it() -> None:
    text = (
        '[tool.bgsvc]\napp.id = "com.example.n"\nservices.sync.entry = "a:B"\n'
        "\n[tool.mypy]\nstrict = true\n"
    )

    assert edit(text, ["dataSync"], name="pyproject.toml") == text.replace(
        '"a:B"\n', '"a:B"\nservices.sync.android.types = ["dataSync"]\n'
    )


def test_comment_of_the_next_table_stays_with_it() -> None:
    text = '[services.sync]\nentry = "a:B"\n\n# of permissions\n[permissions]\nallow = []\n'

    assert edit(text, ["dataSync"]) == (
        '[services.sync]\nentry = "a:B"\n\n[services.sync.android]\ntypes = ["dataSync"]\n'
        "\n# of permissions\n[permissions]\nallow = []\n"
    )


def test_spec_in_a_pyproject_is_edited_there() -> None:
    text = '[project]\nname = "x"\n\n[tool.bgsvc.services.sync]\nentry = "a:B"\n'

    document = tomli.loads(edit(text, ["dataSync"], name="pyproject.toml"))

    assert document["tool"]["bgsvc"]["services"]["sync"]["android"] == {"types": ["dataSync"]}
    assert document["project"] == {"name": "x"}


def test_several_services_need_a_name() -> None:
    text = '[services.a]\nentry = "a:B"\n[services.b]\nentry = "a:B"\n'

    with pytest.raises(UsageError, match="one of: a, b"):
        edit(text, ["dataSync"])
    assert tomli.loads(edit(text, ["dataSync"], "b"))["services"]["b"]["android"]


def test_unknown_service_is_an_error() -> None:
    with pytest.raises(UsageError, match='no service "x"'):
        edit(ONE, ["dataSync"], "x")
