"""What one set of parameters came to, simulated or measured: the figures that both have."""

from __future__ import annotations

import dataclasses
from typing import Any

from qmp_iothreadd.lab.histogram import Histogram
from qmp_iothreadd.lab.params import Params

QUANTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p999_ns": 0.999}


def told(result: Any) -> dict[str, Any]:
    """A dataclass with a ``latency``, as JSON has it: quantiles and the histogram instead."""
    values = {field.name: getattr(result, field.name) for field in dataclasses.fields(result)}
    latency = values.pop("latency")
    quantiles = {name: latency.quantile(share) for name, share in QUANTILES.items()}
    return {**values, **quantiles, "latency_histogram": latency.to_json()}


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Shares are of 1, times in ns.

    Attributes:
        params: the set.
        requests, iterations, duration_ns: how many, and in how long.
        polled_share: of the iterations that found their event by polling, or had no need to wait.
        cpu_ns_per_request: the threads', with all that they poll.
        mean_poll_ns: of the windows after each decision.
        poll_ns_by_time: of the window at any time.
        near_max_share: of the time, with a window near max_ns.
        resets_share: resets of a handler's ns to 0, for each decision.
        grown, shrunk: decisions.
        latency: from when a request was due until a handler began with it; with a device, with its
            completion.
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
        return {**told(self), "params": self.params.to_json()}
