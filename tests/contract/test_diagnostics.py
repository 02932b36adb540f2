"""Every code of a diagnostic has an error case, and every diagnostic a hint."""

import re
from pathlib import Path

from bgsvc_gen.diagnostics import CODES

RECORDED = sorted(Path(__file__).parents[1].glob("golden/errors/*/*/stderr.txt"))


def test_every_code_has_an_error_case() -> None:
    recorded = {
        code
        for path in RECORDED
        for code in re.findall(r":\d+:\d+ (BG\d+) ", path.read_text(encoding="utf-8"))
    }

    assert recorded == set(CODES)


def test_every_diagnostic_comes_with_a_hint() -> None:
    for path in RECORDED:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if re.search(r":\d+:\d+ BG\d+ ", line):
                assert following.startswith("  hint: "), path
