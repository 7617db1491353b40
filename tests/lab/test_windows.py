"""How long is polled as time goes on."""

from __future__ import annotations

import itertools

import pytest

from qmp_iothreadd.lab import PRESETS, Params, simulate
from qmp_iothreadd.lab.windows import windows


@pytest.mark.parametrize("load", PRESETS.values(), ids=PRESETS)
def test_the_parts_are_those_of_the_whole(load: object) -> None:
    sets = [Params(), Params(max_ns=0)]
    polled, never = windows(load, sets)  # type: ignore[arg-type]
    whole = simulate(load, sets[0], requests=2000)[0]  # type: ignore[arg-type]
    times = [0, *(time for time, _ in polled)]
    assert times == sorted(set(times))
    assert times[-1] == whole.duration_ns
    parts = [
        (end - start) * window
        for (start, end), (_, window) in zip(itertools.pairwise(times), polled, strict=True)
    ]
    assert sum(parts) / times[-1] == pytest.approx(whole.poll_ns_by_time)
    assert {window for _, window in never} == {0.0}
