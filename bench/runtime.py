"""What the runtime costs, each figure beside its floor in the same run.

    python bench/runtime.py [--quick]

Prints a table in Markdown. Ratios are what carries over to other machines; seconds do not.
"""

import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNTIME = ROOT / "runtime"
sys.path[:0] = [str(RUNTIME), str(ROOT)]

from bench.processes import SERVICE, seconds_to_ready  # noqa: E402 - not before the path

from bgsvc import BackgroundService, Event, ServiceContext  # noqa: E402 - not before the path
from bgsvc._engine.ports import real_ports  # noqa: E402 - as above
from bgsvc._engine.runtime import Runtime  # noqa: E402 - as above
from bgsvc._events.bus import Bus, EventSource  # noqa: E402 - as above
from bgsvc._model.enums import StartReason, StopReason  # noqa: E402 - as above
from bgsvc._ports.clock import SystemClock  # noqa: E402 - as above
from bgsvc._ports.host import Host  # noqa: E402 - as above
from bgsvc._service.entry import config_of  # noqa: E402 - as above

QUICK = "--quick" in sys.argv
CLEAN = [sys.executable]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(RUNTIME), "PYTHONDONTWRITEBYTECODE": ""}

HAND_WRITTEN = """\
import os, signal, socket, threading
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
def notify(text):
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(text.encode(), path)
class Plain:
    def run(self):
        while not stop.wait(60):
            pass
service = Plain()
thread = threading.Thread(target=service.run)
thread.start()
print("started", flush=True)
notify("READY=1")
thread.join()
notify("STOPPING=1")
print("stopped", flush=True)
"""


def row(what: str, figure: str, floor: str, ratio: str, budget: str) -> None:
    """Print a line of the table."""
    print(f"| {what} | {figure} | {floor} | {ratio} | {budget} |", flush=True)


def timed(code: str) -> "tuple[float, float]":
    """Return the seconds and the resident MiB of a clean interpreter that runs `code`."""
    report = f"{code}\nprint(open('/proc/self/statm').read())"
    began = time.perf_counter()
    subprocess.run([*CLEAN, "-c", code], check=True, env=ENVIRONMENT)
    seconds = time.perf_counter() - began
    finished = subprocess.run(
        [*CLEAN, "-c", report], check=True, env=ENVIRONMENT, capture_output=True, text=True
    )
    return seconds, int(finished.stdout.split()[1]) * resource.getpagesize() / 2**20


def measure_import() -> None:
    """What importing costs."""
    rounds = 10 if QUICK else 40
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    for _ in range(rounds):
        bare.append(timed("pass"))
        ours.append(timed("import bgsvc"))
    floor, cost = (statistics.median(one[0] for one in runs) * 1e3 for runs in (bare, ours))
    least, most = (statistics.median(one[1] for one in runs) for runs in (bare, ours))
    row(
        "`import bgsvc`",
        f"{cost:.1f} ms",
        f"{floor:.1f} ms, `python -c pass`",
        f"+{cost - floor:.1f} ms",
        "+5 ms",
    )
    row(
        "memory after it",
        f"{most:.1f} MiB",
        f"{least:.1f} MiB",
        f"+{most - least:.2f} MiB",
        "+1.5 MiB",
    )


def measure_ready() -> None:
    """How long a service takes to be ready."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "hand.py").write_text(HAND_WRITTEN)
        Path(folder, "plain.py").write_text(SERVICE)
        hand = [*CLEAN, "-m", "hand"]
        mine = [*CLEAN, "-m", "bgsvc", "run", "plain:PlainService", "--data-dir", "."]
        floor: list[float] = []
        cost: list[float] = []
        for _ in range(10 if QUICK else 40):
            floor.append(seconds_to_ready(hand, Path(folder), ENVIRONMENT))
            cost.append(seconds_to_ready(mine, Path(folder), ENVIRONMENT))
    least, most = statistics.median(floor) * 1e3, statistics.median(cost) * 1e3
    row(
        "exec to READY, plain service",
        f"{most:.1f} ms",
        f"{least:.1f} ms, hand-written, `python -m` too",
        f"{most / least:.2f}",
        "1.3",
    )


def measure_emit() -> None:
    """How fast events leave a service."""
    count = 50_000 if QUICK else 200_000
    rates: dict[bool, float] = {}
    for stuck in (False, True):
        bus = Bus()
        source = EventSource("bench", bus, SystemClock())
        let_go = threading.Event()
        if stuck:
            bus.subscribe(_stuck_until(let_go))
        for _ in range(99 if stuck else 100):
            bus.subscribe(_nothing)
        began = time.perf_counter()
        for number in range(count):
            source.emit(1, "beat", {"number": number})
        rates[stuck] = count / (time.perf_counter() - began)
        let_go.set()
        bus.close()
        bus.drain(60)
    row(
        "emit, 100 listeners, one stuck",
        f"{rates[True]:,.0f} events/s",
        f"{rates[False]:,.0f} events/s, none stuck",
        f"{rates[True] / rates[False]:.2f}",
        "50,000 events/s",
    )


def _stuck_until(gate: threading.Event) -> "Callable[[Event], None]":
    """Return a listener that never comes back before `gate` opens."""

    def listen(_: Event) -> None:
        gate.wait()

    return listen


def _nothing(_: Event) -> None:
    """Listen, and do nothing about it."""


def work(source: EventSource, beats: int) -> float:
    """Return the seconds a service takes for fixed work with an event for each piece."""
    began = time.perf_counter()
    for number in range(beats):
        sum(range(40_000))
        source.emit(1, "beat", {"number": number})
    return time.perf_counter() - began


def measure_slowdown() -> None:
    """How much a stuck listener slows a service's own work."""
    rounds, beats = (3, 200) if QUICK else (9, 400)
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for stuck in (False, True):
            bus = Bus()
            source = EventSource("bench", bus, SystemClock())
            let_go = threading.Event()
            if stuck:
                bus.subscribe(_stuck_until(let_go))
            for _ in range(99 if stuck else 100):
                bus.subscribe(_nothing)
            work(source, 50)
            seconds[stuck].append(work(source, beats))
            let_go.set()
            bus.close()
            bus.drain(60)
    floor, cost = statistics.median(seconds[False]), statistics.median(seconds[True])
    row(
        "a service's own work, one listener of 100 stuck",
        f"{cost * 1e3:.0f} ms",
        f"{floor * 1e3:.0f} ms, none stuck",
        f"{cost / floor:.3f}",
        "1.05",
    )


class Brief(BackgroundService):
    """A service that waits for its end."""

    def run(self, ctx: ServiceContext) -> None:
        """Wait."""
        ctx.shutdown.wait()


def resources() -> "tuple[int, int, float]":
    """Return threads, open descriptors and resident MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return (
        threading.active_count(),
        len(list(Path("/proc/self/fd").iterdir())),
        pages * resource.getpagesize() / 2**20,
    )


def measure_cycles() -> None:
    """What ten thousand runs leave behind."""
    cycles = 1_000 if QUICK else 10_000
    shared = "/dev/shm"  # noqa: S108 - the disk is not what is measured
    with tempfile.TemporaryDirectory(dir=shared if Path(shared).is_dir() else None) as folder:
        runtime = Runtime(real_ports(Host(), Bus(), folder))
        supervisor = runtime.adopt(config_of(Brief), Brief)

        def cycle() -> None:
            supervisor.start(StartReason.APP)
            supervisor.stop(StopReason.APP_STOP)
            if not supervisor.wait_stopped(10):
                raise RuntimeError("it did not stop")

        for _ in range(500):
            cycle()
        before = resources()
        began = time.perf_counter()
        for _ in range(cycles):
            cycle()
        seconds = time.perf_counter() - began
        after = resources()
    growth = ", ".join(
        f"{now - then:+{form}} {name}"
        for now, then, form, name in zip(
            after, before, ("d", "d", ".2f"), ("threads", "descriptors", "MiB"), strict=True
        )
    )
    row(
        f"{cycles:,} starts and stops",
        f"{seconds / cycles * 1e6:.0f} µs each",
        "",
        growth,
        "no growth",
    )


def main() -> None:
    """Measure everything."""
    print("| what | measured | floor in the same run | ratio or difference | budget |")
    print("|---|---|---|---|---|")
    measure_import()
    measure_ready()
    measure_emit()
    measure_slowdown()
    measure_cycles()


if __name__ == "__main__":
    main()
