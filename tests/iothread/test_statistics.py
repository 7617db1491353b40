"""What statistics say of a context under load, and that reading them disturbs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from qmp_iothreadd.iothread._engine import AioContext, NativeWorkload, PollParams

if TYPE_CHECKING:
    from qmp_iothreadd.iothread._engine import Stats

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


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


def test_snapshots_are_of_one_moment_and_never_run_backwards(
    started: Start, cleanup: ExitStack
) -> None:
    context = started(max_ns=100000)
    load(cleanup, context, arrival="exponential", interval_ns=5000, depth=8)
    before = context.stats()
    for _ in range(3000):
        after = context.stats()
        assert consistent(after)
        assert after["iterations"] >= before["iterations"]
        assert after["blocked_ns"] >= before["blocked_ns"]
        assert after["polling_ns"] >= before["polling_ns"]
        assert after["latency_count"] >= before["latency_count"]
        before = after
    assert before["events"] > 0


def test_time_is_accounted_for(started: Start, cleanup: ExitStack) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=200000, service_ns=50000)
    time.sleep(0.05)
    context.reset_stats()
    time.sleep(0.3)
    workload.stop()
    time.sleep(0.01)
    stats = context.stats()
    known = stats["polling_ns"] + stats["blocked_ns"] + stats["handling_ns"]
    assert known == pytest.approx(stats["observed_ns"], rel=0.01)
    assert stats["handling_ns"] >= 50000 * stats["latency_count"] > 0


def test_a_wait_under_way_counts(started: Start) -> None:
    context = started()
    time.sleep(0.01)
    before = context.stats()
    time.sleep(0.05)
    after = context.stats()
    assert after["blocked_ns"] - before["blocked_ns"] >= 50e6
    assert after["iterations"] == before["iterations"]


def test_reset_sets_everything_to_zero(started: Start, cleanup: ExitStack) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=10000)
    time.sleep(0.05)
    workload.stop()
    context.reset_stats()
    stats = context.stats()
    assert stats["events"] == stats["latency_count"] == stats["latency_sum_ns"] == 0
    assert set(stats["latency_ns"].values()) == {0}
    assert stats["poll_ns_mean"] <= stats["poll_ns"]  # its own wake-up may be adjusted for
    assert stats["observed_ns"] < 50e6


def test_latency_percentiles_are_ordered_and_counted(started: Start, cleanup: ExitStack) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=50000)
    time.sleep(0.1)
    workload.stop()
    stats = context.stats()
    latency = stats["latency_ns"]
    values = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "max")]
    assert values == sorted(values)
    assert values[0] > 0
    assert stats["latency_sum_ns"] <= stats["latency_count"] * latency["max"]


def test_resets_and_time_near_the_maximum(started: Start, cleanup: ExitStack) -> None:
    context = started(max_ns=20000)
    # Far longer than the window: every event passes the maximum.
    load(cleanup, context, interval_ns=1000000)
    time.sleep(0.1)
    stats = context.stats()
    assert stats["resets"] >= 0.8 * stats["events"] > 0
    assert stats["near_max_ns"] < 0.5 * stats["observed_ns"]


def test_poll_ns_histogram_counts_adjustments(started: Start, cleanup: ExitStack) -> None:
    context = started()
    workload = load(cleanup, context, interval_ns=20000)
    time.sleep(0.1)
    workload.stop()
    context.stop()
    stats = context.stats()
    # The histogram begins with the first handler, one wake-up later than the counters.
    counted = sum(stats["poll_ns_histogram"].values())
    assert stats["adjustments"] - 2 <= counted <= stats["adjustments"]
    assert max(stats["poll_ns_histogram"]) <= (32768).bit_length()


def test_handlers_are_listed_with_their_ns(started: Start, cleanup: ExitStack) -> None:
    context = started(max_ns=1000000)
    load(cleanup, context, interval_ns=50000, depth=1)
    time.sleep(0.1)
    own, handler = context.handlers()
    assert handler["polled"]
    assert handler["events"] == context.stats()["events"] or handler["events"] > 100
    assert 0 <= handler["ns"] <= 1000000
    assert own["fd"] != handler["fd"]


def test_setting_parameters_empties_the_window_at_once(started: Start, cleanup: ExitStack) -> None:
    context = started(max_ns=1000000)
    workload = load(cleanup, context, interval_ns=50000)
    for _ in range(100):
        time.sleep(0.001)
        if context.poll_ns:
            break
    assert context.poll_ns > 0
    workload.stop()
    context.set_poll_params(PollParams(max_ns=500000))
    assert context.poll_ns == 0
    assert [handler["ns"] for handler in context.handlers()][1:] == []
