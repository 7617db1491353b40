"""How the traces of the corpus are made.

    python -m qmp_iothreadd.lab.corpus.recipes [FOLDER]

writes them anew, but those that were recorded.
"""

from __future__ import annotations

import heapq
import itertools
import math
import os
import random
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from qmp_iothreadd.lab.traces import Trace

STEPS = 3000
Draw = Callable[[random.Random], float]


class Recipe(NamedTuple):
    """What a trace shows, and one stream of times between events for each of its handlers."""

    shows: str
    handlers: tuple[Callable[[random.Random], Iterator[float]], ...]


def _drawn(draw: Draw) -> Callable[[random.Random], Iterator[float]]:
    return lambda source: (draw(source) for _ in itertools.count())


def _lognormal(median_ns: float, sigma: float, plus_ns: float = 0) -> Draw:
    return lambda source: plus_ns + source.lognormvariate(math.log(median_ns), sigma)


def _exponential(mean_ns: float) -> Draw:
    return lambda source: source.expovariate(1 / mean_ns)


def _bimodal(source: random.Random) -> float:
    return source.gauss(300_000, 15_000) if source.random() < 0.1 else source.gauss(8000, 500)


def _pareto(source: random.Random) -> float:
    return min(8000 * source.paretovariate(1.5), 50e6)


def _bursts(source: random.Random) -> Iterator[float]:
    while True:
        yield from itertools.repeat(10_000, 100)
        yield source.gauss(10_000_000, 500_000)


def _phases(source: random.Random) -> Iterator[float]:
    for median_ns in itertools.cycle((20_000, 200_000, 5000)):
        for _ in range(250):
            yield _lognormal(median_ns, 0.5)(source)


def _submissions(source: random.Random) -> Iterator[float]:
    while True:
        yield _exponential(40_000)(source)


def _completions(source: random.Random) -> Iterator[float]:
    """Of requests that come like `_submissions`, each some 80 µs later."""
    due, before = 0.0, 0.0
    ends: list[float] = []
    while True:
        due += _exponential(40_000)(source)
        heapq.heappush(ends, due + _lognormal(80_000, 0.15)(source))
        while ends and ends[0] < due:
            end = heapq.heappop(ends)
            yield end - before
            before = end


RECIPES = {
    "steady": Recipe(
        "every 20 µs, give or take 1 µs", (_drawn(lambda source: source.gauss(20_000, 1000)),)
    ),
    "exponential": Recipe("at random, 30 µs apart in the mean", (_drawn(_exponential(30_000)),)),
    "lognormal": Recipe(
        "median 30 µs, sigma 1.2: long pauses among short", (_drawn(_lognormal(30_000, 1.2)),)
    ),
    "bursts": Recipe("every 10 µs for 1 ms, then nothing for 10 ms", (_bursts,)),
    "bimodal": Recipe("8 µs, and one in ten 300 µs: a cache that misses", (_drawn(_bimodal),)),
    "pareto": Recipe("from 8 µs on, shape 1.5: a heavy tail", (_drawn(_pareto),)),
    "phases": Recipe("by turns 250 of 20 µs, 200 µs and 5 µs", (_phases,)),
    "nvme": Recipe(
        "one in flight: 8 µs, 2 µs later the next",
        (_drawn(_lognormal(8000, 0.2, 2000)),),
    ),
    "ssd": Recipe("one in flight: 80 µs", (_drawn(_lognormal(80_000, 0.25, 2000)),)),
    "network": Recipe("one in flight: 300 µs", (_drawn(_lognormal(300_000, 0.4, 2000)),)),
    "disk": Recipe("one in flight: 5 ms", (_drawn(_lognormal(5_000_000, 0.5, 2000)),)),
    "submit-complete": Recipe(
        "two handlers: requests 40 µs apart, completions 80 µs after them",
        (_submissions, _completions),
    ),
    "four-queues": Recipe(
        "four handlers, 25 µs, 50 µs, 200 µs and 1 ms apart, at random",
        tuple(_drawn(_exponential(mean)) for mean in (25_000, 50_000, 200_000, 1_000_000)),
    ),
}
RECORDED = {
    "recorded-lognormal": (
        "a real iothread: qmp-iothreadd -object iothread,id=io0 -object x-workload,id=w0,"
        "iothread=io0,arrival=lognormal,interval-ns=30000,sigma=1.2,depth=8, then iothread-lab"
        " record --iothread io0"
    ),
}


def make(name: str, steps: int = STEPS) -> Trace:
    """The trace of a recipe."""
    streams = [
        _events(1 << bit, stream(random.Random(f"{name} {bit}")))
        for bit, stream in enumerate(RECIPES[name].handlers)
    ]
    intervals, events = array("q"), array("Q")
    before = 0
    for due, word in itertools.islice(heapq.merge(*streams), steps):
        intervals.append(due - before)
        events.append(word)
        before = due
    return Trace(intervals, events, len(streams))


def _events(word: int, intervals: Iterator[float]) -> Iterator[tuple[int, int]]:
    due = 0
    for interval in intervals:
        due += max(round(interval), 1)
        yield due, word


def main(folder: str = os.path.dirname(__file__)) -> None:
    """Write them all."""
    for name in RECIPES:
        make(name).save(os.path.join(folder, f"{name}.lab"))


if __name__ == "__main__":
    main(*sys.argv[1:])
