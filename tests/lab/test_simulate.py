"""Simulated iothreads: held to the same in plain Python, and to what must be so."""

from __future__ import annotations

import dataclasses
import pickle
from array import array
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.iothread import AdaptivePolling
from qmp_iothreadd.lab import PRESETS, Costs, Histogram, Load, Params, Simulated, merge, simulate
from qmp_iothreadd.lab.histogram import lower_bound

WAKE_NS = 7000
COSTS = Costs(wake_ns=WAKE_NS, wake_sigma=0)


def reference(intervals: list[int], params: Params, requests: int, costs: Costs) -> dict[str, Any]:
    """The iterations of one thread with one handler, a request at a time."""
    polling = AdaptivePolling(
        params.max_ns, params.grow, params.shrink, params.weight, 1, policy=str(params.policy)
    )
    taken, done, now = -1, 0, 0
    counts = {"iterations": 0, "polled": 0, "grown": 0, "shrunk": 0, "windows": 0}
    latencies = []
    for i in range(requests):
        now += intervals[i % len(intervals)]
        if now > taken:
            start, window = done + costs.loop_ns, polling.poll_ns
            pending, polled = now <= start, window > 0 and now - start <= window
            if polled:
                found = max(now, start) + costs.pass_ns
            elif pending:
                found = start + costs.ask_ns
            else:
                found = max(now + costs.wake_ns, start + window + costs.exit_ns)
            action = polling.step(found - start, [True])
            counts["iterations"] += 1
            counts["polled"] += polled
            counts["grown"] += action == "grow"
            counts["shrunk"] += action == "shrink"
            counts["windows"] += polling.poll_ns
            taken = done = found + costs.dispatch_ns
        latencies.append(done - now)
        done += costs.request_ns
    return {**counts, "latency": sum(latencies), "duration": done}


@settings(max_examples=100)
@given(
    st.lists(st.integers(1, 60_000), min_size=1, max_size=40),
    st.lists(
        st.builds(
            Params,
            max_ns=st.integers(0, 50_000),
            grow=st.integers(0, 4),
            shrink=st.integers(0, 5),
            weight=st.integers(0, 7),
            policy=st.sampled_from(["weighted", "weighted", "legacy"]),
        ),
        min_size=1,
        max_size=30,
    ),
)
def test_it_is_what_a_thread_would_do(intervals: list[int], sets: list[Params]) -> None:
    load = Load("trace", intervals=intervals)
    for found in simulate(load, sets, costs=COSTS, requests=100):
        expected = reference(intervals, found.params, 100, COSTS)
        iterations = expected["iterations"]
        assert found.iterations == iterations
        assert found.polled_share == expected["polled"] / iterations
        assert found.mean_latency_ns == expected["latency"] / 100
        assert found.duration_ns == expected["duration"]
        assert found.mean_poll_ns == pytest.approx(expected["windows"] / iterations)
        assert found.latency.total == 100
        if found.params.policy == "weighted":
            assert (found.grown, found.shrunk) == (expected["grown"], expected["shrunk"])


def test_many_sets_come_to_the_same_as_each_alone() -> None:
    sets = [Params(weight=n % 7, max_ns=9000 + 999 * n, shrink=1 + n % 3) for n in range(19)]
    sets.insert(3, Params(policy="clairvoyant"))
    load = PRESETS["lognormal"]
    for found in simulate(load, sets, requests=20_000):
        assert simulate(load, found.params, requests=20_000) == [found]


def one(load: Load, params: Params, **values: Any) -> Simulated:
    [found] = simulate(load, params, **{"requests": 20_000, **values})
    return found


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    load, params = PRESETS["exponential"], Params()
    assert one(load, params, seed=7) == one(load, params, seed=7)
    assert one(load, params, seed=7) != one(load, params, seed=8)


def test_who_never_polls_sleeps_for_each_request() -> None:
    found = one(Load("constant", 50_000), Params(max_ns=0), costs=COSTS)
    assert (found.polled_share, found.mean_poll_ns, found.grown) == (0.0, 0.0, 0)
    assert found.resets_share == 0.0
    assert found.mean_latency_ns == WAKE_NS + COSTS.dispatch_ns
    assert found.cpu_ns_per_request == sum(
        (COSTS.exit_ns, COSTS.wake_cpu_ns, COSTS.dispatch_ns, COSTS.loop_ns, COSTS.request_ns)
    )


def test_who_always_polls_burns_all_of_its_cpu() -> None:
    found = one(Load("constant", 20_000), Params(policy="fixed"), costs=COSTS)
    assert found.polled_share == 1.0
    assert found.mean_latency_ns == COSTS.pass_ns + COSTS.dispatch_ns
    assert found.cpu_ns_per_request == pytest.approx(20_000, rel=0.01)
    assert found.near_max_share == pytest.approx(1.0)
    assert found.poll_ns_by_time == pytest.approx(32768)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_nobody_finds_more_than_who_knows_the_future(preset: str) -> None:
    policies = ("clairvoyant", "weighted", "legacy", "v1", "fixed")
    best, *others = simulate(
        PRESETS[preset], [Params(policy=policy) for policy in policies], requests=20_000
    )
    for other in others:
        assert other.polled_share <= best.polled_share + 0.002
    assert others[-1].cpu_ns_per_request >= best.cpu_ns_per_request - 1


def test_a_larger_weight_keeps_the_window_up() -> None:
    found = simulate(
        PRESETS["lognormal"], [Params(weight=n) for n in range(1, 7)], requests=100_000
    )
    means = [each.mean_poll_ns for each in found]
    assert means == sorted(means)
    shares = [each.resets_share for each in found]
    assert shares == sorted(shares, reverse=True)


def test_a_thread_that_cannot_keep_up_lets_requests_wait() -> None:
    found = one(Load("constant", 1000), Params(), costs=dataclasses.replace(COSTS, request_ns=1500))
    assert found.duration_ns > 20_000 * 1500
    assert found.latency.quantile(0.99) > 9_000_000
    assert found.iterations < 20_000


def test_progress_is_told() -> None:
    seen: list[int] = []
    one(PRESETS["constant"], Params(), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 20_000


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="of virtual time, the most that can be simulated"):
        one(Load("constant", 10**12), Params())
    slow = {field.name: 10**12 for field in dataclasses.fields(Costs) if field.type == "int"}
    with pytest.raises(ValueError, match="of virtual time, the most that can be simulated"):
        simulate(Load("constant", 1), [Params()] * 2, costs=Costs(**slow))  # latencies past 2**53


def phased(load: Load, lasts_ns: int = 1000, count: int = 1) -> Load:
    return Load("phases", phases=((load, lasts_ns),) * count)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Load("poisson"), ValueError, "arrival must be one of constant, .*, not 'poisson'"),
        (lambda: Load(interval_ns=0), ValueError, "interval_ns must be from 1 to"),
        (lambda: Load(interval_ns=1.5), TypeError, "interval_ns must be an integer, not 1.5"),  # type: ignore[arg-type]
        (lambda: Load(sigma=-1), ValueError, "sigma must be from 0 to 10, not -1"),
        (lambda: Load("bimodal", slow_share=2), ValueError, "slow_share must be from 0 to 1"),
        (lambda: Load("pareto", shape=0), ValueError, "shape must be from 0.1 to 100"),
        (lambda: Load("trace", at_end="end"), ValueError, "at_end must be one of repeat, stop"),
        (lambda: Load("phases"), ValueError, "the arrival phases needs phases"),
        (lambda: Load(phases=((Load(), 5),)), ValueError, "and no other has any"),
        (lambda: phased(Load("trace")), ValueError, "a phase cannot be of the arrival trace"),
        (lambda: phased(Load(), 0), ValueError, "what a phase lasts must be from 1"),
        (lambda: phased(Load(), count=65), ValueError, "more than 64 phases"),
        (lambda: Costs(wake_ns=-1), ValueError, "wake_ns must be from 0 to"),
        (lambda: Costs(wake_sigma=11), ValueError, "wake_sigma must be from 0 to 10"),
        (lambda: one(Load("trace"), Params()), ValueError, "the arrival trace needs intervals"),
        (lambda: one(Load("trace", intervals=[]), Params()), ValueError, "intervals are empty"),
        (
            lambda: one(Load("trace", intervals=[5, -1]), Params()),
            ValueError,
            "the shortest of intervals must be from 0 to",
        ),
        (lambda: one(Load("trace", intervals=[0]), Params()), ValueError, "longest .* from 1 to"),
        (lambda: one(Load(), Params(), requests=0), ValueError, "requests must be from 1 to"),
        (lambda: one(Load(), Params(), seed=-1), ValueError, "seed must be from 0 to"),
        (lambda: one(Load(), Params(max_ns=2**60)), ValueError, "a simulated max_ns must be"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_phases_take_turns() -> None:
    phases = ((Load("constant", 1000), 10_000), (Load("constant", 50_000), 100_000))
    found = one(Load("phases", phases=phases), Params(max_ns=0), costs=COSTS, requests=110)
    # Nine requests in the first 10 µs, one at 60 µs, then the next round begins at 110 µs.
    assert found.duration_ns == pytest.approx(11 * 110_000, rel=0.05)
    idle = Load("phases", phases=((Load("constant", 10**6), 10), (Load("constant", 10**6), 20)))
    assert one(idle, Params(), requests=50).duration_ns == pytest.approx(50 * 10**6, rel=0.01)


def test_a_trace_ends_where_it_is_to_stop() -> None:
    load = Load("trace", intervals=[1000, 2000, 50_000], at_end="stop")
    found = one(load, Params(max_ns=0), costs=COSTS)
    assert (found.requests, found.latency.total) == (3, 3)
    assert one(dataclasses.replace(load, at_end="repeat"), Params()).requests == 20_000


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_load_can_be_sent_elsewhere(preset: str) -> None:
    load = PRESETS[preset]
    assert pickle.loads(pickle.dumps(load)) == load


def test_a_trace_can_be_sent_elsewhere() -> None:
    load = Load("trace", intervals=memoryview(array("q", [5, 6])))
    assert pickle.loads(pickle.dumps(load)).intervals == array("q", [5, 6])


def test_quantiles_are_those_of_the_latencies() -> None:
    # Woken for each request, the latency is the wake-up: its median and its spread come out again.
    costs = Costs(wake_ns=10_000, wake_sigma=0.5)
    found = one(Load("constant", 1_000_000), Params(max_ns=0), costs=costs)
    assert found.latency.quantile(0.5) == pytest.approx(10_060, rel=0.03)
    assert found.latency.quantile(0.8413) == pytest.approx(10_000 * 2.71828**0.5, rel=0.05)


def test_histograms_are_added() -> None:
    low, high = Histogram({10: 3}), Histogram({10: 1, 400: 4})
    both = merge([low, high])
    assert (both.total, both.counts) == (8, {10: 4, 400: 4})
    assert both.quantile(0.25) < lower_bound(11) <= both.quantile(0.99)
    assert both.to_json() == [[lower_bound(10), 4], [lower_bound(400), 4]]
    assert Histogram({}).quantile(0.5) == 0.0
    assert lower_bound(0) == 0.0
