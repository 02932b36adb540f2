"""The committed native files match the spec."""

from pathlib import Path

from bgsvc_gen.testing import assert_up_to_date

PROJECT = Path(__file__).parents[1]


def test_native_files_match_the_spec() -> None:
    assert_up_to_date(PROJECT / "bgsvc.toml")
