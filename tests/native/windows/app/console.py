"""What a person does at a console, one command after the other, in a process that stays.

Reads a JSON list a line: the words of a command, or Python source. Wine takes half a second to
start a CPython, and a test has half a dozen commands.
"""

import contextlib
import io
import json
import runpy
import sys
import tempfile
from pathlib import Path

from bgsvc._cli.main import main


def do(kind: str, *words: str) -> int:
    """Do one thing, and return its exit status."""
    if kind == "bgsvc":
        return main(words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.py"
        path.write_text(words[0], encoding="utf-8")
        runpy.run_path(str(path))
    return 0


for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status: object = do(*json.loads(line))
        except BaseException as error:  # noqa: BLE001 - it is told, and the console stays
            status = error.code if isinstance(error, SystemExit) else repr(error)
    print(json.dumps([status, out.getvalue(), err.getvalue()]), flush=True)
