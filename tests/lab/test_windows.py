"""How long is polled as time goes on."""

from __future__ import annotations

import itertools
import random

import pytest

from qmp_iothreadd.lab import PRESETS, Costs, Load, Params, simulate
from qmp_iothreadd.lab.windows import windows

_DRAW = random.Random(1)
LONG = [_DRAW.randrange(90_000) for _ in range(9000)]
TRACES = {
    "trace": Load("trace", intervals=LONG, at_end="stop"),
    "queues": Load("trace", intervals=LONG, queues=3),
    "at-once": Load("trace", intervals=[0] * 5000 + LONG),
    "short": Load("trace", intervals=LONG[:7]),
    "loop": Load("trace", intervals=LONG, depth=2),
}


@pytest.mark.parametrize("load", [*PRESETS.values(), *TRACES.values()], ids=[*PRESETS, *TRACES])
def test_the_parts_are_those_of_the_whole(load: Load) -> None:
    sets = [Params(), Params(max_ns=0)]
    costs = Costs(wake_ns=30_000)
    polled, never = windows(load, sets, costs=costs)
    [whole] = simulate(load, sets[0], costs=costs, requests=2000)
    times = [0, *(time for time, _ in polled)]
    assert times == sorted(set(times))
    assert times[-1] == whole.duration_ns
    parts = [
        (end - start) * window
        for (start, end), (_, window) in zip(itertools.pairwise(times), polled, strict=True)
    ]
    assert sum(parts) / times[-1] == pytest.approx(whole.poll_ns_by_time)
    assert {window for _, window in never} == {0.0}
