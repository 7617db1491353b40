"""One run of a load on real iothreads, each thread on a CPU of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from qmp_iothreadd.iothread._engine import (
    POLICIES,
    POLL_PARAMS,
    AioContext,
    NativeWorkload,
    PollParams,
    generator_thread_ids,
    latency_bounds,
)
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
    """One for each thread that polls, and one for the generator."""
    return 2


def own_cpus() -> list[int]:
    """Those that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def run(load: Load, params: Params, seconds: float, seed: int) -> Run:
    """Serve the load for so long on an iothread of its own, which is gone afterwards.

    With enough CPUs each thread is bound to one.

    Raises:
        ValueError: parameters or a load that no iothread takes. OSError: no threads, descriptors or
        memory are left.
    """
    with contextlib.ExitStack() as stack:
        context = _started(params)
        stack.callback(context.close)
        workload = NativeWorkload(context, **_arguments(load, seed))
        stack.callback(workload.stop)
        with _bound([context.thread_id, *generator_thread_ids()]):
            time.sleep(WARM_UP_S)
            context.reset_stats()
            before = context.stats()["cpu_ns"], Counter(workload.stats())
            time.sleep(seconds)
            stats: dict[str, Any] = {**context.stats()}
            issued = Counter(workload.stats())
        issued.subtract(before[1])
        stats["cpu_ns"] -= before[0]
    return _of(stats, issued)


def _started(params: Params) -> AioContext:
    given = {info.name: getattr(params, info.name) for info in POLL_PARAMS}
    context = AioContext("lab", PollParams(**given), policy=str(params.policy))
    context.start()
    return context


# Words of a load that no workload has: simulate has them.
_SIMULATED = ("phases", "at_end", "device", "queues", "think_ns", "iothreads")


def check_load(load: Load) -> None:
    """Raises ValueError: no workload issues it."""
    for field in dataclasses.fields(load):
        if field.name in _SIMULATED and getattr(load, field.name) != field.default:
            raise ValueError(f"{field.name.replace('_', ' ')} of a load are for simulate alone")


def _arguments(load: Load, seed: int) -> Any:
    """A workload's, which has the load's words."""
    names = (field.name for field in dataclasses.fields(load) if field.name not in _SIMULATED)
    values = {name: getattr(load, name) for name in names}
    if load.depth:
        values |= {"arrival": "constant", "interval_ns": 0}  # a request follows another's end
    return {**values, "intervals": load.checked_intervals() or (), "seed": seed}


@contextlib.contextmanager
def _bound(threads: Iterable[int]) -> Iterator[None]:
    """Each on a CPU of its own, where there are as many; none is bound where there are fewer."""
    cpus, wanted = own_cpus(), list(threads)
    if len(wanted) <= len(cpus):
        for thread, cpu in zip(wanted, cpus, strict=False):
            os.sched_setaffinity(thread, {cpu})
    yield


def _of(stats: dict[str, Any], issued: Counter[str]) -> Run:
    duration_ns, adjustments = stats["observed_ns"], stats["adjustments"]
    buckets: Counter[int] = Counter()
    for bucket, count in stats["latency_histogram"].items():
        buckets[bucket_of(latency_bounds(bucket)[0])] += count
    return Run(
        requests=stats["latency_count"],
        events=stats["events"],
        polled=stats["polled_events"],
        adjustments=adjustments,
        grown=stats["grows"],
        shrunk=stats["shrinks"],
        resets=stats["resets"],
        duration_ns=duration_ns,
        cpu_ns=stats["cpu_ns"],
        near_max_ns=stats["near_max_ns"],
        window_sum=stats["poll_ns_mean"] * adjustments,
        weighted_sum=stats["poll_ns_by_time"] * duration_ns,
        latency_sum=stats["latency_sum_ns"],
        issued=issued["issued"],
        late=issued["late"],
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
