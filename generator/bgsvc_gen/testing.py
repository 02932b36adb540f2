"""For users' own tests: hold the committed native files to the spec."""

from pathlib import Path

from bgsvc_gen.output.folder import inspect
from bgsvc_gen.pipeline import generate
from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets import TARGETS


def assert_up_to_date(spec: Path, out: Path | None = None) -> None:
    """Fail if the generated files are not what `spec` yields.

    Args:
        spec: The `bgsvc.toml`, or the `pyproject.toml` that holds the spec.
        out: The output folder; `native/bgsvc` beside the spec unless given.

    Raises:
        AssertionError: Files are stale, hand-edited, missing or orphaned; it names them.
        SpecError: The spec is wrong.
    """
    root = out if out is not None else spec.parent / "native/bgsvc"
    folder = inspect(generate(load_spec(spec)), root, [target.NAME for target in TARGETS])
    listed = "\n".join(f"  {drift.kind.value}: {drift.path}" for drift in folder.drifts)
    if listed:
        raise AssertionError(f"{root} is not what {spec} yields; run `bgsvc-gen all`:\n{listed}")
