"""Holds the native files to the spec: change one without the other, and this fails."""

from pathlib import Path

from bgsvc_gen.testing import assert_up_to_date

PROJECT = Path(__file__).parents[1]


def test_the_native_files_are_what_the_spec_yields() -> None:
    assert_up_to_date(PROJECT / "bgsvc.toml")
