"""Traces: QEMU's events, and that every decision of a loaded thread replays exactly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmp_iothreadd.iothread import AdaptivePolling
from qmp_iothreadd.iothread._engine import (
    IDLE_INTERVAL_NS,
    POLICIES,
    TRACE_EVENTS,
    AioContext,
    EventNotifier,
    NativeWorkload,
    PollParams,
    set_trace_events,
    trace_events,
)

Start = Callable[..., AioContext]


@pytest.fixture(autouse=True)
def traces_off_afterwards() -> Iterator[None]:
    yield
    set_trace_events(())


def traced(context: AioContext, enough: Callable[[], bool]) -> Iterator[tuple[Any, ...]]:
    """Records as they come, until there are enough of them."""
    deadline = time.monotonic() + 20
    while not enough():
        assert time.monotonic() < deadline
        yield from context.drain_traces()
        time.sleep(0.002)


def test_events_are_those_of_qemu_and_one_of_our_own() -> None:
    assert set(TRACE_EVENTS) == {
        "poll_grow",
        "poll_shrink",
        "poll_add",
        "poll_remove",
        "run_poll_handlers_begin",
        "run_poll_handlers_end",
        "x_aio_adjust",
    }


def test_events_are_turned_on_by_name() -> None:
    assert trace_events() == []
    set_trace_events(["poll_shrink", "poll_grow"])
    assert trace_events() == ["poll_grow", "poll_shrink"]
    with pytest.raises(ValueError, match="unknown trace event 'nope'"):
        set_trace_events(["nope"])


@pytest.mark.parametrize("policy", POLICIES)
def test_every_decision_under_load_replays_exactly(started: Start, policy: str) -> None:
    set_trace_events(["x_aio_adjust"])
    context = started(others={"policy": policy})
    workloads = [
        NativeWorkload(context, arrival="lognormal", interval_ns=30000, sigma=1.25, depth=8),
        NativeWorkload(context, arrival="exponential", interval_ns=50000, seed=7),
    ]
    poll_ns, actions = 0, list[str]()
    for record in traced(context, lambda: len(actions) > 1000 and len(set(actions)) == 3):
        _, _, block_ns, by, params, before, after, action, nodes = record
        assert by == policy
        polling = AdaptivePolling(**params._asdict(), handlers=len(nodes), policy=policy)
        polling.poll_ns = before
        polling.handler_ns = [ns for _, _, _, ns, _ in nodes]
        assert polling.step(block_ns, [event for _, _, event, _, _ in nodes]) == action
        assert polling.poll_ns == after
        assert polling.handler_ns == [ns for _, _, _, _, ns in nodes]
        assert before == poll_ns  # nothing else changes it, so the records leave nothing out
        poll_ns = after
        actions.append(action)
    for workload in workloads:
        workload.stop()
    assert context.traces_dropped == 0
    assert set(actions) == {"none", "grow", "shrink"}


def test_parameters_set_while_running_show_in_the_records(started: Start) -> None:
    set_trace_events(["x_aio_adjust"])
    context = started(max_ns=50000)
    workload = NativeWorkload(context, interval_ns=30000)
    changed = PollParams(max_ns=20000, grow=4, shrink=3, weight=5)
    seen: list[PollParams] = []
    for record in traced(context, lambda: seen.count(changed) > 100):
        seen.append(record[4])
        if len(seen) == 100:
            context.set_poll_params(changed)
    workload.stop()
    first = seen.index(changed)
    assert set(seen[:first]) == {PollParams(max_ns=50000)}
    assert set(seen[first:]) == {changed}


def test_a_busy_poll_is_traced_from_begin_to_end(started: Start) -> None:
    set_trace_events(["run_poll_handlers_begin", "run_poll_handlers_end", "poll_add"])
    context = started()
    workload = NativeWorkload(context, interval_ns=20000)
    records: list[tuple[Any, ...]] = []
    records.extend(traced(context, lambda: len(records) > 100))
    workload.stop()
    handler = next(record for record in records if record[1] == "poll_add" and record[3] > 0)
    assert handler[2] > 0
    polls = [record for record in records if record[1] != "poll_add"]
    for begin, end in zip(polls[::2], polls[1::2], strict=False):
        assert (begin[1], end[1]) == ("run_poll_handlers_begin", "run_poll_handlers_end")
        assert begin[0] <= end[0]
        assert 0 < begin[2] <= 32768
        assert begin[3] == -1
        assert end[2] in (0, 1)
    assert time.time_ns() - polls[-1][0] < 60e9


def test_nobody_draining_loses_records_and_says_so(
    started: Start, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    set_trace_events(["run_poll_handlers_begin", "run_poll_handlers_end"])
    context = started()
    workload = NativeWorkload(context, interval_ns=0, depth=1)
    eventually(lambda: context.traces_dropped > 0)
    workload.stop()
    assert len(context.drain_traces(10)) == 10
    assert len(context.drain_traces()) > 1000


def test_a_handler_without_an_event_for_long_leaves_the_poll_list(
    started: Start, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    assert IDLE_INTERVAL_NS == 7 * 10**9  # QEMU's, by default
    set_trace_events(["poll_add", "poll_remove"])
    # Longer than a busy machine keeps the other handler from its events.
    context = started(max_ns=1000000, others={"idle_interval_ns": 300_000_000})
    busy = NativeWorkload(context, interval_ns=200000)
    idle = EventNotifier()
    handler = context.add_handler(idle, idle.test_and_clear, poll=True)
    idle.set()
    eventually(lambda: all(each["polled"] for each in context.handlers()[1:]))
    start = time.monotonic()
    eventually(lambda: not context.handlers()[2]["polled"])
    assert time.monotonic() - start > 0.25
    removed = context.handlers()[2]
    assert removed["events"] == 1
    idle.set()
    eventually(lambda: context.handlers()[2]["polled"])
    busy.stop()
    events = [record[1:3] for record in context.drain_traces() if record[2] == removed["node"]]
    assert events == [(name, removed["node"]) for name in ("poll_add", "poll_remove", "poll_add")]
    context.remove_handler(handler)
    idle.close()
