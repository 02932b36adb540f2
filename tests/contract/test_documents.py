"""Commands in the documents match the generated ones."""

import re
import shlex
from pathlib import Path

from bgsvc_gen.spec.load import load_spec
from bgsvc_gen.targets.desktop import run_arguments

ROOT = Path(__file__).parents[2]


def test_desktop_guide_shows_the_generated_command() -> None:
    spec = load_spec(ROOT / "tests/golden/cases/minimal/bgsvc.toml")
    guide = (ROOT / "docs/desktop.md").read_text(encoding="utf-8")
    shown = re.findall(r"^python3 -m bgsvc run (.*)$", guide, re.MULTILINE)
    generated = [*run_arguments(spec, spec.services[0]), "--boot"]

    assert len(shown) == 1
    words = shlex.split(shown[0])
    assert len(words) == len(generated)
    for word, argument in zip(words, generated, strict=True):
        assert argument.startswith(word.partition("…")[0])


def test_every_path_that_the_architecture_names_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    bases = (ROOT, ROOT / "generator/bgsvc_gen", ROOT / "runtime/bgsvc")
    named = set(re.findall(r"`([\w./]*[/.]\w+/?)`", text))
    paths = {path for path in named if "/" in path and not path.startswith("errors/")}

    assert len(paths) > 40
    assert {path for path in paths if not any((base / path).exists() for base in bases)} == set()
