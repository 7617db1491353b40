"""How long is polled as time goes on, from the start of a simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from qmp_iothreadd.lab.load import Costs, Load
from qmp_iothreadd.lab.params import Params
from qmp_iothreadd.lab.simulating import Simulated, simulate

_REQUESTS = 2000
_STEP = 10


def windows(
    load: Load, params: Sequence[Params], *, costs: Costs | None = None, seed: int = 1
) -> list[list[tuple[int, float]]]:
    """For each set, pairs of a virtual time and the mean window since the pair before, in ns.

    They are of the first 2,000 requests. The same seed gives the same requests, so that a longer
    simulation goes on where a shorter one ends: what they differ by is what happened meanwhile.

    Raises:
        ValueError, TypeError: as ``simulate`` does.
    """
    load = _beginning(load)
    found: list[list[tuple[int, float]]] = [[] for _ in params]
    before = [(0, 0.0) for _ in params]
    for requests in range(_STEP, _REQUESTS + 1, _STEP):
        results = simulate(load, params, costs=costs, requests=requests, seed=seed)
        for i, now in enumerate(map(_sum, results)):
            (start_ns, start_sum), (end_ns, end_sum) = before[i], now
            if end_ns > start_ns:
                found[i].append((end_ns, (end_sum - start_sum) / (end_ns - start_ns)))
                before[i] = now
    return found


def _beginning(load: Load) -> Load:
    """Of a trace what is served and more: each simulation checks all that it is given."""
    if load.arrival != "trace":
        return load
    words = memoryview(load.checked_intervals() or b"")[: 2 * _REQUESTS]
    return dataclasses.replace(load, intervals=words) if any(words) else load


def _sum(result: Simulated) -> tuple[int, float]:
    return result.duration_ns, result.poll_ns_by_time * result.duration_ns
