"""A load under any number of parameter sets, in virtual time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from qmp_iothreadd.lab import _lab
from qmp_iothreadd.lab.histogram import Histogram
from qmp_iothreadd.lab.load import Costs, Load, check_time
from qmp_iothreadd.lab.params import Params

SEED_MAX = 2**64 - 1
QUANTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p999_ns": 0.999}


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """What one set of parameters came to. Shares are of 1, times in ns.

    Attributes:
        params: the set.
        requests, iterations, duration_ns: how many, and in how long a virtual time.
        polled_share: of the iterations that found their request by polling, or had no need to wait.
        cpu_ns_per_request: the thread's, with all that it polls.
        mean_poll_ns: of the windows after each decision.
        poll_ns_by_time: of the window at any time.
        near_max_share: of the time, with a window near max_ns.
        resets_share: of all decisions, those that set the handler's ns to 0.
        grown, shrunk: decisions.
        latency: from when a request was due until the handler began with it.
    """

    params: Params
    requests: int
    iterations: int
    duration_ns: int
    polled_share: float
    cpu_ns_per_request: float
    mean_poll_ns: float
    poll_ns_by_time: float
    near_max_share: float
    resets_share: float
    grown: int
    shrunk: int
    mean_latency_ns: float
    latency: Histogram

    def to_json(self) -> dict[str, Any]:
        """All of it: quantiles and the histogram instead of ``latency``, the set as an object."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["params"] = dataclasses.asdict(self.params)
        values.pop("latency")
        quantiles = {name: self.latency.quantile(share) for name, share in QUANTILES.items()}
        return {**values, **quantiles, "latency_histogram": self.latency.to_json()}


def simulate(
    load: Load,
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
    sets = [params] if isinstance(params, Params) else list(params)
    costs = Costs() if costs is None else costs
    check_time("requests", requests, 1)
    if not 0 <= seed <= SEED_MAX:
        raise ValueError(f"seed must be from 0 to {SEED_MAX}, not {seed}")
    for each in sets:
        check_time("a simulated max_ns", each.max_ns)
    intervals = load.checked_intervals()
    served, found = _lab.simulate(load, intervals, sets, costs, requests, seed, progress)
    return [_simulated(each, costs, served, one) for each, one in zip(sets, found, strict=True)]


def _simulated(params: Params, costs: Costs, requests: int, found: _lab.Counters) -> Simulated:
    iterations, duration_ns = found["iterations"], found["duration_ns"]
    asked = iterations - found["polled"] - found["slept"]
    cpu_ns = (
        found["polling_ns"]
        + found["slept"] * (costs.exit_ns + costs.wake_cpu_ns)
        + asked * costs.ask_ns
        + iterations * (costs.dispatch_ns + costs.loop_ns)
        + requests * costs.request_ns
    )
    return Simulated(
        params=params,
        requests=requests,
        iterations=iterations,
        duration_ns=duration_ns,
        polled_share=found["polled"] / iterations,
        cpu_ns_per_request=cpu_ns / requests,
        mean_poll_ns=found["window_sum"] / iterations,
        poll_ns_by_time=found["weighted_sum"] / duration_ns,
        near_max_share=found["near_max_ns"] / duration_ns,
        resets_share=found["resets"] / iterations,
        grown=found["grown"],
        shrunk=found["shrunk"],
        mean_latency_ns=found["latency_sum"] / requests,
        latency=Histogram(found["latencies"]),
    )
