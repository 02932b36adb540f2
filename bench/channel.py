"""What the channel to a service costs, beside a bare echo in the same run.

    python bench/channel.py [--quick]

Prints rows of the table that bench/runtime.py begins. Both sides of each row are two processes
that send each other frames of the same sizes over a Unix socket and wait for the answer.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

RUNTIME = Path(__file__).parents[1] / "runtime"
sys.path.insert(0, str(RUNTIME))

from bgsvc import BackgroundServiceError, Connection, connect  # noqa: E402 - not before the path

QUICK = "--quick" in sys.argv
ROUNDS, TRIPS = (5, 500) if QUICK else (15, 2_000)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(RUNTIME)}
SERVICE = """\
from bgsvc import BackgroundService
class PlainService(BackgroundService):
    def run(self, ctx):
        ctx.shutdown.wait()
"""
ECHO = """\
import socket, sys, threading
def exactly(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            raise SystemExit
        data += more
    return data
def serve(stream):
    while True:
        exactly(stream, int.from_bytes(exactly(stream, 4), "big"))
        stream.sendall(len(answer).to_bytes(4, "big") + answer)
answer = b"x" * int(sys.argv[2])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listening", flush=True)
stream, _ = listener.accept()
threading.Thread(target=serve, args=(stream,)).start()
"""


@contextmanager
def echo(folder: str, asked: int, answered: int) -> "Generator[Callable[[], None]]":
    """Return what makes one round trip to a bare echo process."""
    path = str(Path(folder, f"echo-{asked}-{answered}"))
    command = [sys.executable, "-c", ECHO, path, str(answered)]
    question = b"x" * asked
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        socket.socket(socket.AF_UNIX) as stream,
    ):
        assert process.stdout is not None  # noqa: S101 - it was asked for
        process.stdout.readline()
        stream.connect(path)

        def exactly(size: int) -> bytes:
            data = b""
            while len(data) < size:
                data += stream.recv(size - len(data))
            return data

        def trip() -> None:
            stream.sendall(len(question).to_bytes(4, "big") + question)
            exactly(int.from_bytes(exactly(4), "big"))

        yield trip


@contextmanager
def daemon(folder: str) -> "Generator[Connection]":
    """Run a service and return a connection to it."""
    Path(folder, "plain.py").write_text(SERVICE)
    command = [sys.executable, "-m", "bgsvc", "run", "plain:PlainService", "--data-dir", "."]
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        process.stdout.readline()
        try:
            with connect("plain", data_dir=folder) as service:
                yield service
        finally:
            process.terminate()


def seconds(trip: "Callable[[], object]") -> float:
    """Return what one trip takes, of many in a row."""
    began = time.perf_counter()
    for _ in range(TRIPS):
        trip()
    return (time.perf_counter() - began) / TRIPS


def measure(what: str, trip: "Callable[[], object]", asked: int, answered: int, need: str) -> None:
    """Print a row: our round trips beside those of the echo, taken by turns."""
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder, echo(folder, asked, answered) as floor:
        for _ in range(ROUNDS):
            bare.append(seconds(floor))
            ours.append(seconds(trip))
    least, cost = statistics.median(bare), statistics.median(ours)
    floor_text = f"{1 / least:,.0f}/s, echo of {asked} and {answered} bytes"
    figure = f"{1 / cost:,.0f}/s, {cost * 1e6:.0f} µs each"
    print(f"| {what} | {figure} | {floor_text} | {least / cost:.2f} | {need} |", flush=True)


def main() -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder, daemon(folder) as service:
        try:
            measure("ask over the channel: does it run", service.is_running, 52, 62, "0.7")
            measure("ask over the channel: its whole state", service.state, 50, 254, "")
        except BackgroundServiceError as error:
            raise SystemExit(f"{error.code}: {error.message}") from error


if __name__ == "__main__":
    main()
