"""How fast the lab is, measured: rates of one core, by its CPU time, and the time of a sweep."""

from __future__ import annotations

import dataclasses
import random
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from benchlib.figures import Figure

from qmp_iothreadd.lab import Load, Params, replay, simulate
from qmp_iothreadd.lab.importing import import_trace

_HANDLERS = (1, 2, 4, 16)
_SOME_SETS = 64


def row(figure: Figure) -> tuple[str, str, str, str]:
    """What a table says of it: the median and the worst."""

    def text(value: float) -> str:
        return f"{value:.3g} {figure.unit}"

    worst = min(figure.values) if figure.at_least else max(figure.values)
    return figure.name, text(figure.median), text(worst), figure.wanted(text)


def to_json(figure: Figure) -> dict[str, object]:
    """What a file of figures says of it."""
    return {**dataclasses.asdict(figure), "median": figure.median}


def _seconds(times: int, work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(times):
        started = time.thread_time()
        work()
        found.append(time.thread_time() - started)
    return found


def _rates(times: int, count: float, work: Callable[[], object]) -> list[float]:
    """In millions a second."""
    return [count / seconds / 1e6 for seconds in _seconds(times, work)]


def _sets(count: int) -> list[Params]:
    """As many as are asked for, all different."""
    return [Params(max_ns=4096 + 64 * n, weight=1 + n % 6) for n in range(count)]


def _steps(count: int, handlers: int) -> tuple[array[int], array[int]]:
    """Lognormal times; in a step one handler in four has an event."""
    source = random.Random(1)
    drawn = [round(source.lognormvariate(10.3, 1.2)) for _ in range(4096)]
    words = [source.getrandbits(handlers) & source.getrandbits(handlers) for _ in range(4096)]
    words = [1 if handlers == 1 else word for word in words]
    times = -(-count // 4096)
    return (array("q", drawn) * times)[:count], (array("Q", words) * times)[:count]


# -- Decisions -------------------------------------------------------------------------------------


def replays(times: int, steps: int, sets: int) -> Iterator[Figure]:
    """Decisions made again, by the number of handlers."""
    few = _sets(min(sets, _SOME_SETS))
    for policy in ("weighted", "legacy"):
        asked = [Params(each.max_ns, weight=each.weight, policy=policy) for each in few]
        for handlers in _HANDLERS:
            intervals, events = _steps(steps, handlers)
            found = _rates(
                times,
                steps * len(asked),
                lambda i=intervals, e=events, a=asked, h=handlers: replay(i, e, a, handlers=h),  # type: ignore[misc]
            )
            limit = 100 if handlers == 1 and policy == "weighted" else 60
            name = f"`replay`, {policy}, handlers: {handlers}"
            yield Figure(name, found, "M/s", limit, at_least=True)


# -- Virtual time ----------------------------------------------------------------------------------


def simulations(times: int, steps: int, sets: int) -> Iterator[Figure]:
    """Requests x parameter sets of one handler; and the time of a whole sweep."""
    load, few = Load("lognormal"), _sets(min(sets, _SOME_SETS))
    rates = _rates(times, steps * len(few), lambda: simulate(load, few, requests=steps))
    yield Figure("`simulate`, requests x sets", rates, "M/s", 80, at_least=True)
    many = _sets(sets)
    whole = _seconds(1, lambda: simulate(load, many, requests=steps))
    name = f"`simulate`, {steps:,} requests x {sets:,} sets"
    yield Figure(name, whole, "s", 12)


# -- Logs ------------------------------------------------------------------------------------------

_LINES = {
    "plain": "{0}\n",
    "adjust-log": (
        "x_aio_adjust ctx 0x5 block_ns {0} policy weighted max_ns 32768 grow 2 shrink 2 weight 3"
        " old 0 new 4817 action grow handlers 1 node 0x11 fd 24 event 1 old 0 new 4817\n"
    ),
    "perf-script": "IO io0  4243 [001]  1234.{0:09d}: io_uring:io_uring_submit_req: ring 0xff\n",
    "bpftrace": "{0} 4243 tracepoint:io_uring:io_uring_submit_req\n",
    "fio-log": "1, {0}, 0, 4096, 0, 0x0000\n",
}


def imports(times: int, steps: int, sets: int) -> Iterator[Figure]:
    """Lines of other tools' logs."""
    count = min(steps // 10 + 2, 100_000)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        for format, line in _LINES.items():
            source.write_text("".join(line.format(20_000 + 1000 * n) for n in range(count)))
            found = _rates(times, count, lambda f=format: import_trace(source, target, f))  # type: ignore[misc]
            yield Figure(f"`import` of {format}, lines", found, "M/s", at_least=True)


MEASURES: dict[str, Callable[[int, int, int], Iterator[Figure]]] = {
    "replays": replays,
    "simulations": simulations,
    "imports": imports,
}
