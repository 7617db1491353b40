"""What the steps of an iteration take on this machine, as `simulate` wants to know it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from qmp_iothreadd.iothread._engine import PROBE_SCENARIOS, probe
from qmp_iothreadd.lab.histogram import Histogram, bucket_of
from qmp_iothreadd.lab.load import Costs, Load
from qmp_iothreadd.lab.measuring import NotEvidenceError
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.running import Run, own_cpus, run

SECONDS = 2.0
SECONDS_MAX = 600.0

# Pairs of runs of a real workload say what a request more takes: one at a time, and so many.
_BATCH = 64
_BATCH_GAP_NS = 200_000
_PAIRS = 3
# The share of the time that each of these runs has; the scenarios of the probe share the rest.
_BATCH_SHARE = 0.03
# These quantiles of a normal distribution are one standard deviation from its middle.
_ONE_SIGMA = (0.1587, 0.8413)


@dataclasses.dataclass(frozen=True, slots=True)
class Calibrated:
    """What was timed.

    Attributes:
        costs: medians, as `simulate` takes them.
        steps: how often each step took how long: wake, pass, dispatch, loop, exit and ask, which
            are as in `Costs` (but wake has the dispatch in it, and ask that and the loop).
    """

    costs: Costs
    steps: dict[str, Histogram]

    def to_json(self) -> dict[str, Any]:
        """Costs, and for each step some quantiles in ns and its histogram."""
        return {
            "costs": dataclasses.asdict(self.costs),
            "steps": {
                name: {**quantiles(each), "count": each.total, "histogram": each.to_json()}
                for name, each in self.steps.items()
            },
        }


def quantiles(histogram: Histogram) -> dict[str, float]:
    """Of a step: what a twentieth of them does not pass, half, and so on; in ns."""
    shares = {"p5_ns": 0.05, "p50_ns": 0.5, "p95_ns": 0.95, "p99_ns": 0.99}
    return {name: histogram.quantile(share) for name, share in shares.items()}


def calibrate(
    seconds: float = SECONDS, *, progress: Callable[[int], object] | None = None
) -> Calibrated:
    """Time this machine for about so long; two CPUs are busy meanwhile.

    Args:
        seconds: above 0, up to SECONDS_MAX.
        progress: is called with how many of STEPS parts are done.

    Raises:
        ValueError: seconds are out of range. NotEvidenceError: there is one CPU only, or the
        machine was too busy to time a step. OSError: no threads, descriptors or memory are left.
    """
    if not 0 < seconds <= SECONDS_MAX:
        raise ValueError(f"seconds must be above 0, up to {SECONDS_MAX:g}, not {seconds!r}")
    cpus = own_cpus()
    if len(cpus) < 2:
        raise NotEvidenceError("calibrating takes two CPUs, and there is one: give it another")
    tell = progress or (lambda _: None)
    each_s = seconds * (1 - 2 * _PAIRS * _BATCH_SHARE) / len(PROBE_SCENARIOS)
    steps: dict[str, Counter[int]] = {}
    sleep_cpu_ns = 0.0
    with _on_cpu(cpus[1]):
        for number, scenario in enumerate(PROBE_SCENARIOS):
            found, events, cpu_ns = probe(scenario, round(each_s * 1e9), cpu=cpus[0])
            for name in _STEPS_OF[scenario]:
                steps[name] = Counter(map(bucket_of, found.get(name, ())))
            if scenario == "sleep":
                sleep_cpu_ns = cpu_ns / max(events, 1)
            tell(number + 1)
    request_ns = []
    for number in range(_PAIRS):
        request_ns.append(_request_ns(_batches(1, seconds), _batches(_BATCH, seconds)))
        tell(len(PROBE_SCENARIOS) + number + 1)
    histograms = {name: Histogram(dict(counts)) for name, counts in steps.items()}
    return Calibrated(_costs(histograms, sleep_cpu_ns, median(request_ns)), histograms)


STEPS = len(PROBE_SCENARIOS) + _PAIRS
"""How many parts a calibration has."""

# Which step is timed in which scenario of the probe: where it is not mixed with others.
_STEPS_OF = {
    "sleep": ("wake",),
    "poll": ("pass", "dispatch", "loop"),
    "vain": ("exit",),
    "chain": ("ask",),
}


@contextlib.contextmanager
def _on_cpu(cpu: int) -> Iterator[None]:
    """The calling thread, which spins."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _batches(size: int, seconds: float) -> Run:
    load = Load("trace", intervals=[_BATCH_GAP_NS, *[0] * (size - 1)])
    return run(load, Params(max_ns=0), seconds * _BATCH_SHARE, 1)


def _request_ns(one: Run, many: Run) -> float:
    """What a request more in an iteration takes of the CPU; the default where it is too busy."""

    def per_event(each: Run) -> tuple[float, float]:
        return each.cpu_ns / max(each.events, 1), each.requests / max(each.events, 1)

    (cpu_one, requests_one), (cpu_many, requests_many) = per_event(one), per_event(many)
    more = requests_many - requests_one
    found = (cpu_many - cpu_one) / more if more > 1 else 0.0
    return found if found > 0 else float(Costs().request_ns)


def _costs(steps: dict[str, Histogram], sleep_cpu_ns: float, request_ns: float) -> Costs:
    """What the simulator wants: each step alone.

    Raises:
        NotEvidenceError: a step was not timed once.
    """
    if missing := [name for name, each in steps.items() if not each.total]:
        raise NotEvidenceError(
            f"the machine is too busy: {missing[0]} could not be timed; leave it alone meanwhile,"
            " or give it more seconds"
        )
    middle = {name: each.quantile(0.5) for name, each in steps.items()}
    low, high = (max(steps["wake"].quantile(share), 1.0) for share in _ONE_SIGMA)
    rest = middle["dispatch"] + middle["loop"]
    return Costs(
        wake_ns=_rounded(middle["wake"] - middle["dispatch"]),
        wake_sigma=min(round(math.log(high / low) / 2, 3), 10),
        wake_cpu_ns=_rounded(sleep_cpu_ns - rest - middle["exit"] - request_ns),
        pass_ns=_rounded(middle["pass"]),
        exit_ns=_rounded(middle["exit"]),
        ask_ns=_rounded(middle["ask"] - rest),
        dispatch_ns=_rounded(middle["dispatch"]),
        request_ns=_rounded(request_ns),
        loop_ns=_rounded(middle["loop"]),
    )


def _rounded(ns: float) -> int:
    return max(round(ns), 0)


def read_costs(path: str) -> Costs:
    """Costs that `iothread-lab calibrate --json` has written.

    Raises:
        OSError: it cannot be read. ValueError: it has no such costs.
    """
    with open(path, encoding="utf-8") as file:
        try:
            return Costs(**json.load(file)["costs"])
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"{path}: expected what iothread-lab calibrate --json writes: {error}"
            ) from None
