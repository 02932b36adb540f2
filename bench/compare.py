"""Compare the runtime of this checkout with that of another commit, in one run.

    python bench/compare.py BASE [--limit PERCENT] [--quick]

Measures `import bgsvc`, the time from exec to READY=1 and round trips to a daemon, for both trees
in turns, so that other load on the machine meets both alike. Prints a table in Markdown. A ratio
above 1 says that this tree is slower; --limit looks at the ratio of the medians. Given HEAD as BASE
in a clean checkout, the table shows how much of a difference is noise.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.processes import SERVICE, seconds_to_ready  # noqa: E402 - not before the path

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

IMPORT = """\
import time
began = time.perf_counter()
import bgsvc
print(time.perf_counter() - began)
"""
CLIENT = """\
import sys, time
import bgsvc
with bgsvc.connect("plain", data_dir=sys.argv[1]) as service:
    call = getattr(service, sys.argv[2])
    batches = []
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(200):
            call()
        batches.append((time.perf_counter() - began) / 200)
    print(min(batches))
"""


class Tree:
    """One version of the runtime, copied to a folder of its own and compiled.

    Attributes:
        folder: A working folder with the service `plain`; its state is kept there.
        environment: The variables that let a Python process import this version.
    """

    def __init__(self, folder: Path) -> None:
        runtime = folder / "runtime"
        if not compileall.compile_dir(runtime / "bgsvc", quiet=1):
            sys.exit(f"bench/compare.py: cannot compile {runtime}")
        self.folder = folder
        self.environment = {**os.environ, "PYTHONPATH": str(runtime)}
        folder.joinpath("plain.py").write_text(SERVICE, encoding="utf-8")

    def python(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Python with this tree's runtime and return what it printed."""
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )

    @property
    def run_command(self) -> list[str]:
        """The command that runs the service."""
        words = ("-m", "bgsvc", "run", "plain:PlainService", "--data-dir", ".")
        return [sys.executable, *words]


def extract_commit(commit: str, folder: Path) -> Tree:
    """Extract `runtime/` of a commit to `folder`."""
    command = ["git", "-C", str(ROOT), "archive", "--format=tar", commit, "runtime"]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"bench/compare.py: {done.stderr.decode().strip()}")
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(folder)  # noqa: S202 - this repository's own files
    return Tree(folder)


def copy_checkout(folder: Path) -> Tree:
    """Copy `runtime/` of this checkout to `folder`, uncommitted changes included."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "runtime", folder / "runtime", ignore=ignore)
    return Tree(folder)


def seconds_in_process(tree: Tree) -> float:
    """Return the seconds from exec to the exit of a process that imports bgsvc."""
    began = time.perf_counter()
    tree.python("-c", "import bgsvc")
    return time.perf_counter() - began


def seconds_of_import(tree: Tree) -> float:
    """Return the seconds of the import statement alone, in a fresh process."""
    return float(tree.python("-c", IMPORT).stdout)


def seconds_of_start(tree: Tree) -> float:
    """Return the seconds from exec to READY=1 of a service that does nothing."""
    return seconds_to_ready(tree.run_command, tree.folder, tree.environment)


def stay_on_one_cpu() -> None:
    """Keep this process and those that it starts on one processor, where a system can do that.

    Else the scheduler decides anew in each run whether two processes share one, and a round trip
    costs several times as much in one case as in the other.
    """
    if sys.platform == "linux":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@contextmanager
def running_daemon(tree: Tree) -> Generator[None]:
    """Run the service of a tree."""
    with subprocess.Popen(
        tree.run_command, cwd=tree.folder, env=tree.environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


def seconds_of_trip(tree: Tree, method: str) -> float:
    """Return the seconds of one round trip, between a daemon and a client that are both new.

    Two processes of the same code differ by more than two versions do: a process's memory layout
    and hash seed stay what they are until it ends. So no pair of processes is measured twice.
    """
    with running_daemon(tree):
        return float(tree.python("-c", CLIENT, str(tree.folder), method).stdout)


def interleaved(
    measure_base: Callable[[], float], measure_head: Callable[[], float], rounds: int
) -> list[tuple[float, float]]:
    """Measure both, `rounds` times after one to warm up; each goes first every other time."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        if number % 2:
            head = measure_head()
            base = measure_base()
        else:
            base = measure_base()
            head = measure_head()
        pairs.append((base, head))
    return pairs[1:]


def report(what: str, unit: str, scale: float, pairs: list[tuple[float, float]]) -> float:
    """Print a row of the table; return the ratio of the medians."""
    bases, heads = zip(*pairs, strict=True)
    base, head = (statistics.median(side) * scale for side in (bases, heads))
    ratio: float = head / base
    least_base, least_head = (min(side) * scale for side in (bases, heads))
    print(
        f"| {what} | {base:.3f} {unit} | {head:.3f} {unit} | {ratio:.3f} "
        f"| {least_base:.3f} {unit} | {least_head:.3f} {unit} | {least_head / least_base:.3f} |",
        flush=True,
    )
    return ratio


def compare(base: Tree, head: Tree, *, quick: bool) -> dict[str, float]:
    """Measure everything and print the table; return the ratio of each row."""
    print("| what | base, median | this tree, median | ratio | base, least | this tree | ratio |")
    print("|---|---|---|---|---|---|---|")
    ratios: dict[str, float] = {}
    for what, measure in (
        ("exec to exit of `import bgsvc`", seconds_in_process),
        ("`import bgsvc` alone", seconds_of_import),
        ("exec to READY", seconds_of_start),
    ):
        pairs = interleaved(partial(measure, base), partial(measure, head), 10 if quick else 60)
        ratios[what] = report(what, "ms", 1e3, pairs)
    stay_on_one_cpu()
    for method in ("is_running", "state"):
        pairs = interleaved(
            partial(seconds_of_trip, base, method),
            partial(seconds_of_trip, head, method),
            8 if quick else 30,
        )
        what = f"round trip: `{method}()`"
        ratios[what] = report(what, "µs", 1e6, pairs)
    return ratios


def main() -> None:
    """Compare; exit 1 above the limit, where one is set."""
    parser = argparse.ArgumentParser(
        prog="bench/compare.py",
        description="Compare the runtime of this checkout with that of another commit, in one run.",
    )
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument(
        "--limit",
        type=float,
        metavar="PERCENT",
        help="exit 1 if a figure is slower than BASE's by more than this",
    )
    parser.add_argument("--quick", action="store_true", help="measure fewer rounds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        base = extract_commit(options.base, Path(name, "base"))
        head = copy_checkout(Path(name, "head"))
        ratios = compare(base, head, quick=options.quick)
    if options.limit is None:
        return
    slower = {what: ratio for what, ratio in ratios.items() if ratio > 1 + options.limit / 100}
    for what, ratio in slower.items():
        print(f"slower by {(ratio - 1) * 100:.1f} %: {what}", file=sys.stderr)
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
