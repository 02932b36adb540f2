"""For users' tests: check that the committed native files match the spec."""

from pathlib import Path

from bgsvc_gen.project import inspect_project, read_project


def assert_up_to_date(spec: Path, out: Path | None = None) -> None:
    """Fail if the generated files do not match `spec`.

    Args:
        spec: The `bgsvc.toml`, or the `pyproject.toml` that holds the spec.
        out: The output folder; `native/bgsvc` beside the spec unless given.

    Raises:
        AssertionError: Files are stale, hand-edited, missing or orphaned; it names them.
        SpecError: The spec is wrong.
    """
    folder = inspect_project(read_project(spec), out)
    listed = "\n".join(f"  {drift.kind.value}: {drift.path}" for drift in folder.drifts)
    if listed:
        message = f"{folder.root} does not match {spec}; run `bgsvc-gen all`"
        raise AssertionError(f"{message}:\n{listed}")
