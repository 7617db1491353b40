"""What an iteration is made of, timed by a handler that takes the time itself."""

from __future__ import annotations

import pytest

from qmp_iothreadd.iothread._engine import PROBE_SCENARIOS, live_counters, probe

STEPS = {"sleep": "wake", "poll": "loop", "vain": "exit", "chain": "ask"}


@pytest.mark.parametrize("scenario", PROBE_SCENARIOS)
def test_each_scenario_times_its_steps(scenario: str) -> None:
    before = live_counters()
    # On a busy machine the threads may not get a CPU for as long as this.
    for _ in range(50):
        steps, events, cpu_ns = probe(scenario, 20_000_000)
        if STEPS[scenario] in steps:
            break
    assert live_counters() == before
    assert events > 0
    assert cpu_ns > 0
    assert min(steps[STEPS[scenario]]) >= 0
    assert max(map(len, steps.values())) <= 1 << 14


def test_it_is_bound_to_a_cpu() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        probe("sleep", 0, cpu=1 << 20)
    with pytest.raises(OSError, match="Invalid argument"):
        probe("sleep", 0, cpu=1000)  # there is none


def test_refused() -> None:
    with pytest.raises(ValueError, match="scenario must be one of sleep, poll, vain, chain"):
        probe("wake", 1)
    with pytest.raises(ValueError, match="duration_ns must be from 0"):
        probe("sleep", -1)
