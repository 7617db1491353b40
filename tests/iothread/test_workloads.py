"""Synthetic load: arrivals, depth, service, tuning, and a generator that falls behind."""

from __future__ import annotations

import gc
import math
import mmap
import statistics
import time
import weakref
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import (
    TIME_MAX_NS,
    WORKLOAD_DEPTH_MAX,
    WORKLOAD_LATE_NS,
    AioContext,
    NativeWorkload,
    WorkloadParams,
    latency_bounds,
    live_counters,
    parse_intervals,
)
from qmp_iothreadd.json.reader import JSONReader
from tests.generators import generator_thread_ids
from tests.waiting import wait_until

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]
Make = Callable[..., NativeWorkload]


@pytest.fixture
def workload(started: Start) -> Iterator[Make]:
    made: list[NativeWorkload] = []

    def make(context: AioContext | None = None, **params: Any) -> NativeWorkload:
        made.append(NativeWorkload(context or started(), **params))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def comes_to_rate(workload: NativeWorkload, a_second: int) -> Callable[[], bool]:
    """Whether from now on so many requests come a second, once there were some hundred.

    An open loop makes up for the time that a busy machine keeps it waiting.
    """
    before, start = workload.stats()["issued"], time.monotonic()

    def reached() -> bool:
        issued = workload.stats()["issued"] - before
        return issued > 300 and issued / (time.monotonic() - start) == pytest.approx(
            a_second, rel=0.1
        )

    return reached


def sample(count: int = 20000, **params: Any) -> list[int]:
    return WorkloadParams(**params).sample(count)


def test_constant_intervals_are_all_the_same() -> None:
    assert set(sample(interval_ns=20000)) == {20000}


def test_exponential_intervals_have_their_mean() -> None:
    intervals = sample(arrival="exponential", interval_ns=200000)
    assert statistics.mean(intervals) == pytest.approx(200000, rel=0.05)
    assert statistics.stdev(intervals) == pytest.approx(200000, rel=0.05)


def test_lognormal_intervals_have_their_median_and_sigma() -> None:
    intervals = sample(arrival="lognormal", interval_ns=30000, sigma=1.25)
    assert statistics.median(intervals) == pytest.approx(30000, rel=0.05)
    assert statistics.stdev(math.log(ns) for ns in intervals) == pytest.approx(1.25, rel=0.05)


def test_on_off_intervals_pause_when_the_on_time_is_over() -> None:
    params = {"arrival": "on-off", "interval_ns": 1000, "on_ns": 3000, "off_ns": 50000}
    assert sample(6, **params) == [1000, 1000, 51000] * 2


def test_bimodal_intervals_are_short_or_long() -> None:
    times = {"interval_ns": 1000, "slow_ns": 9000}
    intervals = sample(arrival="bimodal", slow_share=0.25, **times)
    assert set(intervals) == {1000, 9000}
    assert intervals.count(9000) == pytest.approx(len(intervals) / 4, rel=0.05)
    assert set(sample(arrival="bimodal", slow_share=0, **times)) == {1000}


def test_pareto_intervals_have_their_least_and_their_tail() -> None:
    intervals = sample(arrival="pareto", interval_ns=10000, shape=2)
    assert min(intervals) == pytest.approx(10000, rel=0.01)
    assert statistics.median(intervals) == pytest.approx(10000 * 2**0.5, rel=0.05)
    assert sum(ns > 100_000 for ns in intervals) == pytest.approx(200, rel=0.3)


def test_a_trace_repeats() -> None:
    assert sample(5, arrival="trace", intervals=[3, 1, 2]) == [3, 1, 2, 3, 1]


def test_a_seed_decides_the_intervals() -> None:
    first, same, other = (
        sample(10, arrival="exponential", interval_ns=1000, seed=seed) for seed in (1, 1, 2)
    )
    assert first == same != other


def test_requests_come_at_their_rate(workload: Make, eventually: Eventually) -> None:
    # Slow enough that the ring has room for a whole second in which a busy machine serves nothing.
    load = workload(interval_ns=1000000)
    eventually(comes_to_rate(load, 1000))
    assert load.stats()["dropped"] == 0


def test_every_request_is_served(started: Start, workload: Make, eventually: Eventually) -> None:
    context = started()
    load = workload(context, interval_ns=20000)
    eventually(lambda: load.stats()["issued"] > 100)
    load.tune(interval_ns=10**12)
    eventually(lambda: load.stats()["in_flight"] == 0)
    stats = load.stats()
    assert stats["completed"] == stats["issued"]
    assert stats["dropped"] == 0
    eventually(lambda: context.stats()["latency_count"] == stats["completed"])


def test_a_closed_loop_never_exceeds_its_depth(workload: Make, eventually: Eventually) -> None:
    load = workload(interval_ns=0, depth=4, service_ns=5000)
    seen: list[int] = []

    def enough() -> bool:
        seen.append(load.stats()["in_flight"])
        return len(seen) > 100 and load.stats()["completed"] > 100

    eventually(enough)
    assert 0 < max(seen) <= 4
    assert load.stats()["dropped"] == 0


def test_an_overloaded_open_loop_says_so(workload: Make, eventually: Eventually) -> None:
    load = workload(interval_ns=1000, service_ns=1000000)
    eventually(lambda: load.stats()["dropped"] > 0)
    assert load.stats()["in_flight"] <= WORKLOAD_DEPTH_MAX


def test_a_generator_that_falls_behind_says_so(workload: Make, eventually: Eventually) -> None:
    load = workload(interval_ns=1, depth=0)  # a thousand million a second
    eventually(lambda: load.stats()["late"] > 0)
    assert load.stats()["late_max_ns"] > WORKLOAD_LATE_NS


def test_service_takes_its_time(started: Start, workload: Make, eventually: Eventually) -> None:
    context = started()
    load = workload(context, interval_ns=1000000, service_ns=200000)
    eventually(lambda: context.stats()["latency_count"] > 50)
    load.stop()

    def spent() -> bool:  # the last iteration's account is published a moment after the stop
        stats = context.stats()
        # The handler's clock and the accounts' are read at different moments: a hair's breadth.
        return stats["handling_ns"] >= 0.99 * 200000 * stats["latency_count"] > 0

    eventually(spent)


def test_notifications_are_suppressed_while_polling(
    started: Start, workload: Make, eventually: Eventually
) -> None:
    context = started(max_ns=10**9)
    load = workload(context, interval_ns=20000)

    def suppressed() -> bool:
        stats = load.stats()
        return stats["issued"] > 1000 and stats["notifications"] < 0.5 * stats["issued"]

    eventually(suppressed)
    assert context.stats()["polled_events"] > 0


def test_without_polling_each_lone_request_is_notified(
    started: Start, workload: Make, eventually: Eventually
) -> None:
    context = started(max_ns=0)
    load = workload(context, interval_ns=1000000, depth=1)
    eventually(lambda: load.stats()["issued"] > 50)
    assert load.stats()["notifications"] >= load.stats()["issued"] - 1
    assert context.stats()["polled_events"] == 0


def test_two_workloads_of_one_context_are_both_served(
    started: Start, workload: Make, eventually: Eventually
) -> None:
    context = started(max_ns=10**9)
    # The first alone always has work: the second must not starve before its first event.
    greedy = workload(context, interval_ns=0, depth=8)
    eventually(lambda: greedy.stats()["completed"] > 1000)
    modest = workload(context, interval_ns=1000000)
    eventually(lambda: modest.stats()["completed"] > 50)
    assert context.workloads == 2


def test_tuning_takes_effect(workload: Make, eventually: Eventually) -> None:
    load = workload(interval_ns=10**12)
    time.sleep(0.05)
    assert load.stats()["issued"] == 0
    load.tune(interval_ns=100000)
    eventually(comes_to_rate(load, 10000))


@pytest.mark.parametrize(
    "params",
    [
        {"interval_ns": -1},
        {"service_ns": -1},
        *({name: TIME_MAX_NS + 1} for name in ("interval_ns", "service_ns", "on_ns", "off_ns")),
        {"arrival": "on-off", "interval_ns": 2**62, "off_ns": 2**62},
        {"arrival": "trace", "intervals": [1, TIME_MAX_NS + 1]},
        {"depth": WORKLOAD_DEPTH_MAX + 1},
        {"arrival": "nope"},
        {"arrival": "trace"},
        {"arrival": "trace", "intervals": [1, -1]},
        {"slow_ns": -1},
        *({"slow_share": share} for share in (-0.1, 1.1, float("nan"))),
        *({"shape": shape} for shape in (0, 101, float("nan"))),
        {"arrival": "lognormal", "sigma": -1.0},
        {"arrival": "lognormal", "sigma": float("nan")},
        {"arrival": "phases"},
        {"arrival": "phases", "phases": [({"arrival": "trace", "intervals": [1]}, 1)]},
        {"arrival": "phases", "phases": [({}, 0)]},
        {"think_ns": 1},
        {"depth": 1, "think_ns": TIME_MAX_NS + 1},
        {"device": {"arrival": "table"}},
        {"device": {"arrival": "trace", "intervals": [1], "at_end": "stop"}},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused(started: Start, params: dict[str, Any]) -> None:
    context = started()
    with pytest.raises(ValueError, match=r"arrival must be|out of range"):
        NativeWorkload(context, **params)
    assert len(context.handlers()) == 1


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"at_end": "again"}, "at_end must be one of repeat, stop, not 'again'"),
        ({"phases": [({}, 1)] * 65}, "more than 64 phases"),
        ({"cpus": [1024]}, "there is no CPU 1024"),
        ({"device": {"arrival": "nope"}}, "arrival must be one of"),
    ],
    ids=str,
)
def test_words_that_say_nothing_are_refused(params: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        WorkloadParams(**params)


def test_phases_go_on_for_their_times() -> None:
    phases = [({"interval_ns": 10}, 30), ({"interval_ns": 100}, 200)]
    # What passes a phase's end is cut off there, and the next one begins with one of its own.
    assert sample(6, arrival="phases", phases=phases) == [10, 10, 110, 110, 10, 110]


def test_a_device_takes_one_of_its_times(started: Start, workload: Make) -> None:
    context = started(max_ns=10**6)
    times = array("q", [2_000_000, 3_000_000])
    load = workload(
        context, depth=8, interval_ns=0, device={"arrival": "table", "intervals": times}
    )
    wait_until(lambda: load.stats()["completed"] > 50)
    stats = load.stats()
    assert min(latency_bounds(bucket)[1] for bucket in stats["latency_histogram"]) >= 2_000_000
    assert stats["in_flight"] <= 8
    with pytest.raises(ValueError, match="out of range"):
        load.tune(depth=8)  # it has a device, and keeps one


def test_intervals_are_used_where_they_are(started: Start, workload: Make, tmp_path: Path) -> None:
    path = tmp_path / "intervals"
    path.write_bytes(array("q", [1000] * 20_000).tobytes())
    once: dict[str, Any] = {"arrival": "trace", "at_end": "stop"}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
        load = workload(started(), intervals=memoryview(mapped).cast("q"), **once)
        try:
            with pytest.raises(BufferError):
                mapped.close()  # the engine reads it
            wait_until(lambda: load.stats()["completed"] + load.stats()["dropped"] == 20_000)
        finally:
            load.tune(intervals=range(1000, 2000), **once)  # and now it does not
    wait_until(lambda: load.stats()["completed"] + load.stats()["dropped"] == 21_000)
    with pytest.raises(ValueError, match="dtype"):
        load.tune(intervals=b"12345678", **once)


def test_what_is_lent_is_used_until_the_end_in_what_the_collector_finds(started: Start) -> None:
    intervals = array("q", [10**9])
    native = NativeWorkload(started(), arrival="trace", intervals=intervals)
    kept: list[bool] = []

    def look(_: object) -> None:
        with pytest.raises(BufferError):
            intervals.append(1)
        kept.append(True)

    # The collector clears what is younger than a workload, such as its parameters, before it ends
    # the workload: then what the reader's end calls finds the intervals still in use.
    between = [JSONReader()]
    watch = weakref.ref(between[0], look)
    garbage: list[Any] = [native, between]
    garbage.append(garbage)
    del native, between, garbage
    gc.collect()
    assert watch() is None
    assert kept == [True]
    intervals.append(1)


def test_a_closed_loop_thinks_after_each_completion(started: Start, workload: Make) -> None:
    load = workload(started(), depth=2, think_ns=10_000_000)
    begun = time.monotonic()
    wait_until(lambda: load.stats()["completed"] >= 10)
    # The first two come at once, then two at a time after each pause.
    assert time.monotonic() - begun >= 4 * 0.01


def test_a_context_under_load_cannot_be_closed(started: Start, workload: Make) -> None:
    context = started()
    load = workload(context)
    with pytest.raises(RuntimeError, match="serves workloads"):
        context.close()
    load.stop()
    load.stop()
    assert context.workloads == 0
    assert load.stopped
    assert load.stats()["issued"] >= load.stats()["completed"]
    with pytest.raises(ValueError, match="stopped"):
        load.tune()


def test_generators_end_with_the_last_workload(workload: Make, eventually: Eventually) -> None:
    loads = [workload(interval_ns=10**6) for _ in range(5)]
    assert live_counters()["generators"] >= 1
    eventually(lambda: len(generator_thread_ids()) == live_counters()["generators"])
    for load in loads:
        load.stop()
    assert live_counters()["generators"] == 0
    assert generator_thread_ids() == []


# -- Traces ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "intervals"),
    [
        (b"", []),
        (b"\n \t\r\n# 5\n#", []),
        (b"5", [5]),
        (b" 5 \r\n\n7#x\n\t0 # y\n", [5, 7, 0]),
        (b"1000000000000000\n0000000000000001", [10**15, 1]),
    ],
)
def test_a_trace_is_a_number_a_line(text: bytes, intervals: list[int]) -> None:
    found, longest = parse_intervals(text, 100)
    assert found.tolist() == intervals
    assert longest == max(intervals, default=0)


@pytest.mark.parametrize(
    "line",
    [b"x", b"5x", b"5 6", b"-1", b"+1", b"1000000000000001", b"0" * 17, b"\xff", b"\0", b"."],
)
def test_another_line_is_named(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"^3$"):
        parse_intervals(b"1\n\n" + line + b"\n2\n", 100)


def test_the_number_of_intervals_is_bounded() -> None:
    found, _ = parse_intervals(b"1\n2\n3", 3)
    assert len(found) == 3
    with pytest.raises(OverflowError):
        parse_intervals(b"1\n2\n3\n4", 3)
    for most in (0, -1):
        with pytest.raises(OverflowError):
            parse_intervals(b"1", most)
