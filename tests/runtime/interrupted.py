"""`python -m bgsvc` that sends itself SIGTERM before its n-th instruction, in whichever thread."""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import bgsvc

RUNTIME = str(Path(bgsvc.__file__).parent)


class Interruption:
    """Counts the runtime's instructions and sends the signal once."""

    def __init__(self, point: int) -> None:
        self._left = point

    def trace(self, frame: FrameType, event: str, _: object) -> object:
        if not frame.f_code.co_filename.startswith(RUNTIME):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if self._left == 0:
                place = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
                os.write(2, f"interrupted at {place}\n".encode())
                os.kill(os.getpid(), signal.SIGTERM)
        return self.trace


def main() -> int:
    """Run the command line with the rest of the arguments."""
    interruption = Interruption(int(sys.argv[1]))
    frame = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    frame.f_trace_opcodes = True  # Python 3.12 looks before it traces
    threading.settrace(interruption.trace)  # type: ignore[arg-type]
    sys.settrace(interruption.trace)  # type: ignore[arg-type]
    from bgsvc._cli.main import main as command  # noqa: PLC0415 - its import is traced, too

    return command(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
