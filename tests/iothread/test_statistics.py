"""What statistics say of a context under load, and that reading them disturbs nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from qmp_iothreadd.iothread._engine import (
    AioContext,
    EventNotifier as Notifier,
    NativeWorkload,
    PollParams,
    latency_bounds,
)

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import Stats

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def driven(cleanup: ExitStack, notifier: Notifier) -> AioContext:
    """A context without a thread, with a handler of ``notifier`` that can be polled."""
    context = AioContext()
    cleanup.callback(context.close)
    context.add_handler(notifier, notifier.test_and_clear, poll=True)
    return context


def run_event(context: AioContext, notifier: Notifier) -> None:
    notifier.set()
    while not context.poll(True):  # new parameters are looked at first
        pass


def load(cleanup: ExitStack, context: AioContext, **params: Any) -> NativeWorkload:
    workload = NativeWorkload(context, **params)
    cleanup.callback(workload.stop)
    return workload


def consistent(stats: Stats) -> bool:
    return (
        stats["events"] == stats["polled_events"] + stats["waited_events"]
        and stats["polls_in_vain"] <= stats["polls"] <= stats["iterations"]
        and stats["grows"] + stats["shrinks"] <= stats["adjustments"] <= stats["iterations"]
        and stats["waits"] <= stats["iterations"]
    )


def waits(context: AioContext) -> bool:
    """Whether the thread is in a wait, so that all its time until now is accounted for."""
    before = context.stats()
    time.sleep(0.001)
    after = context.stats()
    return (
        after["iterations"] == before["iterations"] and after["blocked_ns"] > before["blocked_ns"]
    )


def test_snapshots_are_of_one_moment_and_never_run_backwards(
    started: Start, cleanup: ExitStack, eventually: Eventually
) -> None:
    context = started(max_ns=100000)
    load(cleanup, context, arrival="exponential", interval_ns=5000, depth=8)
    eventually(lambda: context.stats()["events"] > 0)
    before = context.stats()
    for _ in range(3000):
        after = context.stats()
        assert consistent(after)
        assert after["iterations"] >= before["iterations"]
        assert after["blocked_ns"] >= before["blocked_ns"]
        assert after["polling_ns"] >= before["polling_ns"]
        assert after["latency_count"] >= before["latency_count"]
        before = after


def test_time_is_accounted_for(started: Start, cleanup: ExitStack, eventually: Eventually) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=200000, service_ns=50000)
    eventually(lambda: context.stats()["latency_count"] > 100)
    context.reset_stats()
    eventually(lambda: context.stats()["latency_count"] > 1000)
    workload.stop()
    eventually(lambda: waits(context))
    stats = context.stats()
    known = stats["polling_ns"] + stats["blocked_ns"] + stats["handling_ns"]
    assert known == pytest.approx(stats["observed_ns"], rel=0.01)
    assert stats["handling_ns"] >= 50000 * stats["latency_count"] > 0


def test_a_wait_under_way_counts(started: Start, eventually: Eventually) -> None:
    context = started()
    eventually(lambda: context.stats()["blocked_ns"] > 0)
    before = context.stats()
    time.sleep(0.05)
    after = context.stats()
    assert after["blocked_ns"] - before["blocked_ns"] >= 50e6
    assert after["iterations"] == before["iterations"]


def test_reset_sets_everything_to_zero(
    started: Start, cleanup: ExitStack, eventually: Eventually
) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=10000)
    eventually(lambda: context.stats()["latency_count"] > 100)
    workload.stop()
    before = context.stats()
    context.reset_stats()
    stats = context.stats()
    assert stats["events"] == stats["latency_count"] == stats["latency_sum_ns"] == 0
    assert set(stats["latency_ns"].values()) == {0}
    assert stats["poll_ns_mean"] <= stats["poll_ns"]  # its own wake-up may be adjusted for
    assert stats["observed_ns"] < before["observed_ns"]


def test_latency_percentiles_are_ordered_and_counted(
    started: Start, cleanup: ExitStack, eventually: Eventually
) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=50000)
    eventually(lambda: context.stats()["latency_count"] > 100)
    workload.stop()
    stats = context.stats()
    latency = stats["latency_ns"]
    values = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "max")]
    assert values == sorted(values)
    assert values[0] > 0
    assert stats["latency_sum_ns"] <= stats["latency_count"] * latency["max"]


def test_latencies_are_counted_by_bounds_that_can_be_added(
    started: Start, cleanup: ExitStack, eventually: Eventually
) -> None:
    context = started()
    loads = [load(cleanup, context, interval_ns=50000) for _ in range(2)]
    eventually(lambda: context.stats()["latency_count"] > 200)
    for each in loads:
        each.tune(interval_ns=10**12)
    eventually(lambda: not any(each.stats()["in_flight"] for each in loads))
    eventually(lambda: waits(context))
    stats = context.stats()
    counts = stats["latency_histogram"]
    assert sum(counts.values()) == stats["latency_count"]
    low, high = latency_bounds(max(counts))
    assert low <= stats["latency_ns"]["max"] <= high < 1.04 * low
    own, *handlers = stats["handlers"]
    assert "latency_ns" not in own
    merged = Counter[int]()
    for handler in handlers:
        assert handler["latency_count"] > 50
        merged.update(handler["latency_histogram"])
    assert merged == counts
    context.reset_stats()
    assert not any("latency_ns" in handler for handler in context.handlers())
    assert context.stats()["latency_histogram"] == {}


def test_latency_buckets_follow_each_other_without_a_gap() -> None:
    bounds = [latency_bounds(bucket) for bucket in range(1000)]
    assert bounds[0] == (0, 0)
    assert all(high + 1 == low for (_, high), (low, _) in pairwise(bounds))


def test_a_window_counts_for_as_long_as_it_is_in_force(
    started: Start, driven: AioContext, notifier: Notifier, eventually: Eventually
) -> None:
    assert driven.stats()["poll_ns_by_time"] == 0
    driven.set_poll_params(PollParams(max_ns=10**9, grow=10**9))
    run_event(driven, notifier)
    timer = threading.Timer(0.02, notifier.set)
    timer.start()
    driven.poll(True)  # with a small window, for 20 ms; afterwards it is the maximum
    timer.join()
    small = driven.stats()
    assert small["poll_ns"] == 10**9
    assert small["poll_ns_by_time"] < 0.1 * small["poll_ns_mean"]
    idle = started()  # one that waits has its window all the while
    assert idle.stats()["poll_ns_by_time"] == 0


def test_every_event_past_the_maximum_is_a_reset(driven: AioContext, notifier: Notifier) -> None:
    driven.set_poll_params(PollParams(max_ns=1))  # no iteration takes less
    for _ in range(10):
        run_event(driven, notifier)
    stats = driven.stats()
    assert stats["resets"] == stats["events"] == 10
    assert stats["near_max_ns"] == 0


def test_time_near_the_maximum_counts(driven: AioContext, notifier: Notifier) -> None:
    driven.set_poll_params(PollParams(max_ns=10**9, grow=10**9))
    run_event(driven, notifier)  # the window begins with the time of an iteration
    assert driven.stats()["near_max_ns"] == 0
    timer = threading.Timer(0.02, notifier.set)
    timer.start()
    driven.poll(True)  # it takes longer than the window, which grows to the maximum
    timer.join()
    assert driven.poll_ns == 10**9
    run_event(driven, notifier)
    stats = driven.stats()
    assert 0 < stats["near_max_ns"] <= stats["observed_ns"]


def test_poll_ns_histogram_counts_adjustments(
    started: Start, cleanup: ExitStack, eventually: Eventually
) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=20000)
    eventually(lambda: context.stats()["adjustments"] > 1000)
    workload.stop()
    context.stop()
    stats = context.stats()
    # The histogram begins with the first handler, one wake-up later than the counters.
    counted = sum(stats["poll_ns_histogram"].values())
    assert stats["adjustments"] - 2 <= counted <= stats["adjustments"]
    assert max(stats["poll_ns_histogram"]) <= (32768).bit_length()


def test_handlers_are_listed_with_their_ns(driven: AioContext, notifier: Notifier) -> None:
    for _ in range(5):
        run_event(driven, notifier)
    own, handler = driven.handlers()
    assert (own["events"], handler["events"]) == (0, 5)
    assert handler["polled"]
    assert 0 < handler["ns"] <= PollParams().max_ns
    assert (own["polled"], own["ns"]) == (False, 0)
    assert handler["fd"] == notifier.fd != own["fd"]


def test_setting_parameters_empties_every_window_at_once(
    driven: AioContext, notifier: Notifier
) -> None:
    driven.set_poll_params(PollParams(max_ns=10**12))
    run_event(driven, notifier)
    assert driven.poll_ns > 0
    assert driven.handlers()[1]["ns"] > 0
    driven.set_poll_params(PollParams(max_ns=10**12))
    assert driven.poll_ns == 0
    driven.poll(False)  # an iteration without an event lengthens each ns, but not 0
    assert driven.poll_ns == 0
    assert driven.handlers()[1]["ns"] == 0
