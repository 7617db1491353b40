"""One run of a load on real iothreads, each thread on a CPU of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from qmp_iothreadd.iothread._engine import (
    POLICIES,
    POLL_PARAMS,
    AioContext,
    NativeWorkload,
    PollParams,
    latency_bounds,
)
from qmp_iothreadd.lab.device import Device
from qmp_iothreadd.lab.histogram import Histogram, bucket_of, merge
from qmp_iothreadd.lab.load import Load
from qmp_iothreadd.lab.params import Params

# How long a load runs before anything is counted: until polling has settled.
WARM_UP_S = 0.1

# A run with a larger share of its requests issued late was not the load that was asked for.
LATE_SHARE_MAX = 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What was counted in one run: numbers, and sums of ns, over all its iothreads.

    Attributes:
        events: iterations of a handler that had requests; ``polled``: found by polling.
        window_sum: of poll_ns after each of the ``adjustments``.
        weighted_sum: of poll_ns, by how long each was in force.
        issued, late: requests, and those of them that the generator was late with.
    """

    requests: int
    events: int
    polled: int
    adjustments: int
    grown: int
    shrunk: int
    resets: int
    duration_ns: int
    cpu_ns: int
    near_max_ns: int
    window_sum: float
    weighted_sum: float
    latency_sum: int
    issued: int
    late: int
    latency: Histogram

    @property
    def late_share(self) -> float:
        """Of the requests, those that were not issued when they were due."""
        return self.late / max(self.issued, 1)

    @property
    def is_late(self) -> bool:
        """Whether the load was not the one that was asked for."""
        return self.late_share > LATE_SHARE_MAX


def check_runnable(params: Params) -> None:
    """Raises ValueError: no iothread polls by these."""
    if params.policy not in POLICIES:
        raise ValueError(
            f"an iothread's policy is one of {', '.join(POLICIES)}, not {params.policy!r}: that is"
            " for simulate"
        )
    for info in POLL_PARAMS:
        if info.zero_is_default and params.policy == POLICIES[0] and not getattr(params, info.name):
            raise ValueError(
                f"{info.name} 0 is never in force on an iothread: QEMU takes it as the default,"
                f" {info.default}"
            )


def cpus_needed(load: Load) -> int:
    """One for each iothread, and one for the generator."""
    return load.iothreads + 1


def own_cpus() -> list[int]:
    """Those that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def run(load: Load, params: Params, seconds: float, seed: int) -> Run:
    """Serve the load for so long on iothreads of its own, which are gone afterwards.

    With enough CPUs each iothread has one of its own, and so has the generator, which spins.

    Raises:
        ValueError: parameters or a load that no iothread takes. OSError: no threads, descriptors or
        memory are left.
    """
    cpus, generator_cpus = _placed(load)
    with contextlib.ExitStack() as stack:
        served: list[_Served] = []
        for number in range(load.iothreads):
            context = _started(params)
            stack.callback(context.close)
            if cpus:
                os.sched_setaffinity(context.thread_id, {cpus[number]})
            workloads = []
            for queue in range(load.queues):
                seed_of_queue = (seed + _SEED_STEP * (number * load.queues + queue)) % 2**64
                arguments = _arguments(load, seed_of_queue)
                workloads.append(NativeWorkload(context, **arguments, cpus=generator_cpus))
                stack.callback(workloads[-1].stop)
            served.append((context, workloads))
        time.sleep(WARM_UP_S)
        for context, _ in served:
            context.reset_stats()
        before = [_taken(each) for each in served]
        time.sleep(seconds)
        after = [_taken(each) for each in served]
    return total(_of(first, last) for first, last in zip(before, after, strict=True))


_Served = tuple[AioContext, list[NativeWorkload]]
_Taken = tuple[dict[str, Any], "Counter[str]", "Counter[int]"]

# So that the requests of one queue are not those of the next queue, or of the next round.
_SEED_STEP = 0x9E3779B97F4A7C15


def _taken(served: _Served) -> _Taken:
    """Of one iothread its statistics, the sums of its workloads' counters, and their latencies."""
    context, workloads = served
    sums: Counter[str] = Counter()
    latencies: Counter[int] = Counter()
    stats: dict[str, Any] = {**context.stats()}
    for workload in workloads:
        each: dict[str, Any] = {**workload.stats()}
        sums.update({name: each[name] for name in ("issued", "late", "latency_sum_ns")})
        latencies.update(each["latency_histogram"])
    return stats, sums, latencies


def _started(params: Params) -> AioContext:
    given = {info.name: getattr(params, info.name) for info in POLL_PARAMS}
    context = AioContext("lab", PollParams(**given), policy=str(params.policy))
    context.start()
    return context


_ARRIVAL_WORDS = (
    "arrival",
    "interval_ns",
    "sigma",
    "on_ns",
    "off_ns",
    "slow_ns",
    "slow_share",
    "shape",
)


def _arguments(load: Load, seed: int) -> Any:
    """A workload's: it has the load's words."""
    values = {
        **_words(load),
        "intervals": load.checked_intervals() or (),
        "at_end": load.at_end,
        "phases": [(_words(phase), lasts_ns) for phase, lasts_ns in load.phases],
        "depth": load.depth,
        "think_ns": load.think_ns,
        "device": None if load.device is None else _device(load.device),
        "seed": seed,
    }
    if load.depth:  # a request follows another's end
        values |= {"arrival": "constant", "interval_ns": 0, "intervals": (), "phases": ()}
    return values


def _words(load: Load) -> dict[str, Any]:
    return {name: getattr(load, name) for name in _ARRIVAL_WORDS}


def _device(device: Device) -> dict[str, Any]:
    return {
        "arrival": device.kind,
        **{name: getattr(device, name) for name in ("sigma", "slow_ns", "slow_share", "shape")},
        "interval_ns": device.latency_ns,
        "intervals": device.checked_table() or (),
    }


def _placed(load: Load) -> tuple[list[int], list[int]]:
    """CPUs for the iothreads, one each, and one for the generator; none where there are too few."""
    cpus = own_cpus()
    if len(cpus) < cpus_needed(load):
        return [], []
    return cpus[: load.iothreads], [cpus[load.iothreads]]


def _of(first: _Taken, last: _Taken) -> Run:
    stats, counted, latencies = last
    counted.subtract(first[1])
    latencies.subtract(first[2])
    duration_ns, adjustments = stats["observed_ns"], stats["adjustments"]
    buckets: Counter[int] = Counter()
    for bucket, count in (+latencies).items():
        buckets[bucket_of(latency_bounds(bucket)[0])] += count
    return Run(
        requests=buckets.total(),
        events=stats["events"],
        polled=stats["polled_events"],
        adjustments=adjustments,
        grown=stats["grows"],
        shrunk=stats["shrinks"],
        resets=stats["resets"],
        duration_ns=duration_ns,
        cpu_ns=stats["cpu_ns"] - first[0]["cpu_ns"],
        near_max_ns=stats["near_max_ns"],
        window_sum=stats["poll_ns_mean"] * adjustments,
        weighted_sum=stats["poll_ns_by_time"] * duration_ns,
        latency_sum=counted["latency_sum_ns"],
        issued=counted["issued"],
        late=counted["late"],
        latency=Histogram(dict(buckets)),
    )


def total(runs: Iterable[Run]) -> Run:
    """All of them as one."""
    each = list(runs)
    sums = {
        field.name: sum(getattr(run, field.name) for run in each)
        for field in dataclasses.fields(Run)
        if field.name != "latency"
    }
    return Run(**sums, latency=merge(run.latency for run in each))
