"""A load under any number of parameter sets, in virtual time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qmp_iothreadd.lab import _lab
from qmp_iothreadd.lab.checks import check_integer, check_time
from qmp_iothreadd.lab.histogram import Histogram, merge
from qmp_iothreadd.lab.load import Costs, Load, as_load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.policies import own_policies
from qmp_iothreadd.lab.results import Result, told
from qmp_iothreadd.lab.traces import Trace

SEED_MAX = 2**64 - 1


@dataclasses.dataclass(frozen=True, slots=True)
class SimulatedHandler:
    """How one handler of an iothread fared.

    Attributes:
        name: ``queue0``, …, or ``device`` for the one that sees requests complete.
        events: iterations in which it had one.
        requests: those it served: submitted, where there is a device, or saw complete.
        latency: from its event until it began with the request.
    """

    name: str
    events: int
    requests: int
    mean_latency_ns: float
    latency: Histogram

    def to_json(self) -> dict[str, Any]:
        """All of it: quantiles and the histogram instead of ``latency``."""
        return told(self)


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated(Result):
    """What one set of parameters came to, on all iothreads, in virtual time.

    Attributes:
        handlers: each, the same ones of all iothreads together.
    """

    handlers: tuple[SimulatedHandler, ...]

    def to_json(self) -> dict[str, Any]:
        """As each result, with the handlers."""
        handlers = [handler.to_json() for handler in self.handlers]
        return {**Result.to_json(self), "handlers": handlers}


def simulate(
    load: Load | Trace,
    params: Iterable[Params] | Params,
    *,
    costs: Costs | None = None,
    requests: int = 1_000_000,
    seed: int = 1,
    progress: Callable[[int], object] | None = None,
) -> list[Simulated]:
    """Serve the same requests under each set of parameters; results in their order.

    Requests are drawn once, so that sets differ by what they are and by nothing else; the same seed
    gives the same results. The GIL is released meanwhile.

    Args:
        costs: what things take; by default ``Costs()``.
        requests: how many, from 1; a load that stops may have fewer.
        seed: of the random numbers, 0 to 2**64 - 1.
        progress: is called now and then with the number of requests done.

    Raises:
        ValueError: values out of range, or more virtual time than 19 hours. TypeError: others.
    """
    load, sets = as_load(load), [params] if isinstance(params, Params) else list(params)
    costs = Costs() if costs is None else costs
    check_time("requests", requests, 1)
    check_integer("seed", seed, 0, SEED_MAX)
    for each in sets:
        check_time("a simulated max_ns", each.max_ns)
    run = _runner(load, sets, costs)
    runs: list[_lab.Run] = []
    done = 0
    for index in range(load.iothreads):
        share = requests // load.iothreads + (index < requests % load.iothreads)
        if share:
            told = progress and _Offset(progress, done)
            runs.append(run(share, (seed + index * _SEED_STEP) & SEED_MAX, told))
            done += share
    served = sum(run[0] for run in runs)
    return [
        _simulated(each, costs, load.queues, served, [found[i] for _, found in runs])
        for i, each in enumerate(sets)
    ]


_SEED_STEP = 0xD6E8FEB86659FD93


@dataclasses.dataclass(frozen=True, slots=True)
class _Offset:
    """Tells of the requests of one iothread after those of others."""

    progress: Callable[[int], object]
    done: int

    def __call__(self, requests: int) -> None:
        self.progress(self.done + requests)


_Told = Callable[[int], object] | None


def _runner(load: Load, sets: list[Params], costs: Costs) -> Callable[[int, int, _Told], _lab.Run]:
    """What serves the load on one iothread: so many requests, from a seed on."""
    intervals = load.checked_intervals()
    table = load.device.checked_table() if load.device else None
    owns = own_policies(each.policy for each in sets)

    def one_handler(requests: int, seed: int, told: _Told) -> _lab.Run:
        served, found = _lab.simulate(load, intervals, sets, costs, requests, seed, told)
        return served, [
            (one, [(one["iterations"], served, one["latency_sum"], one["latencies"])])
            for one in found
        ]

    def several_handlers(requests: int, seed: int, told: _Told) -> _lab.Run:
        return _lab.simulate_events(load, intervals, table, sets, owns, costs, requests, seed, told)

    return one_handler if load.has_one_handler and not any(owns) else several_handlers


def _handlers(found: Sequence[_lab.Found], queues: int) -> tuple[SimulatedHandler, ...]:
    made = []
    for index, each in enumerate(zip(*(handlers for _, handlers in found), strict=True)):
        events, requests, latency_ns = (sum(one[i] for one in each) for i in range(3))
        made.append(
            SimulatedHandler(
                name=f"queue{index}" if index < queues else "device",
                events=int(events),
                requests=int(requests),
                mean_latency_ns=latency_ns / requests if requests else 0.0,
                latency=merge(Histogram(one[3]) for one in each),
            )
        )
    return tuple(made)


def _simulated(
    params: Params, costs: Costs, queues: int, requests: int, found: Sequence[_lab.Found]
) -> Simulated:
    totals: dict[str, Any] = {}
    for counters, _ in found:
        for name, value in counters.items():
            if name != "latencies":
                totals[name] = totals.get(name, 0) + value
    iterations = totals["iterations"]
    time_ns = totals["duration_ns"] or 1  # nothing takes any time where all costs are 0
    asked = iterations - totals["polled"] - totals["slept"]
    cpu_ns = (
        totals["polling_ns"]
        + totals["slept"] * (costs.exit_ns + costs.wake_cpu_ns)
        + asked * costs.ask_ns
        + totals["dispatches"] * costs.dispatch_ns
        + iterations * costs.loop_ns
        + totals["services"] * costs.request_ns
    )
    return Simulated(
        params=params,
        requests=requests,
        iterations=iterations,
        duration_ns=max(counters["duration_ns"] for counters, _ in found),
        polled_share=totals["polled"] / iterations,
        cpu_ns_per_request=cpu_ns / requests,
        mean_poll_ns=totals["window_sum"] / iterations,
        poll_ns_by_time=totals["weighted_sum"] / time_ns,
        near_max_share=totals["near_max_ns"] / time_ns,
        resets_share=totals["resets"] / iterations,
        grown=totals["grown"],
        shrunk=totals["shrunk"],
        mean_latency_ns=totals["latency_sum"] / requests,
        latency=merge(Histogram(counters["latencies"]) for counters, _ in found),
        handlers=_handlers(found, queues),
    )
