"""Calls at a later time, which end a wait and bound a busy-poll."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import combinations

import pytest

from qmp_iothreadd.iothread._engine import AioContext, EventNotifier

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


def test_calls_come_in_the_order_of_their_times_and_not_early(
    started: Start, eventually: Eventually
) -> None:
    context = started()
    due: dict[int, tuple[int, int]] = {}  # no earlier than, no later than
    called: list[tuple[int, int]] = []

    def note(delay_ns: int) -> None:
        called.append((delay_ns, time.monotonic_ns()))

    for delay_ns in (60000000, 20000000, 40000000):
        before = time.monotonic_ns()
        context.call_later(delay_ns, partial(note, delay_ns))
        due[delay_ns] = before + delay_ns, time.monotonic_ns() + delay_ns
    eventually(lambda: len(called) == 3)
    assert {delay_ns for delay_ns, _ in called} == due.keys()
    assert all(at >= due[delay_ns][0] for delay_ns, at in called)
    # On a busy machine this thread may rest between two calls for longer than their times differ.
    for (first, _), (second, _) in combinations(called, 2):
        assert due[first][0] <= due[second][1]


def test_waits_are_of_nanoseconds_not_milliseconds(started: Start, eventually: Eventually) -> None:
    context, notifier = started(), EventNotifier()
    called: list[int] = []
    context.add_handler(notifier, notifier.test_and_clear)  # epoll from here on

    def delay() -> int:
        called.clear()
        start = time.monotonic_ns()
        context.call_later(200000, lambda: called.append(time.monotonic_ns() - start))
        eventually(lambda: bool(called))
        return called[0]

    assert min(delay() for _ in range(20)) < 900000
    context.close()
    notifier.close()


def test_a_busy_poll_ends_for_a_timer(
    started: Start, notifier: EventNotifier, eventually: Eventually
) -> None:
    context = started(max_ns=10**12)
    called: list[float] = []
    context.add_handler(notifier, notifier.test_and_clear, poll=True)

    def polls_for_long() -> bool:
        if context.poll_ns <= 50000000:
            time.sleep(0.1)
            notifier.set()  # after a block of 100 ms the window is as long
        return context.poll_ns > 50000000

    def delay() -> float:
        called.clear()
        eventually(polls_for_long)
        start = time.monotonic()
        context.call_later(1000000, lambda: called.append(time.monotonic() - start))
        eventually(lambda: bool(called))
        return called[0]

    # The best of some: on a busy machine a thread that polls is often made to rest.
    assert min(delay() for _ in range(10)) < 0.05


def test_a_time_past_the_clocks_end_never_comes(started: Start, eventually: Eventually) -> None:
    context, called = started(), list[str]()
    context.call_later(2**63 - 1, lambda: called.append("too early"))
    context.call_later(20_000_000, lambda: called.append("in time"))
    eventually(lambda: bool(called))
    context.close()
    assert called == ["in time"]


def test_those_left_in_a_closed_context_are_released() -> None:
    context = AioContext()
    context.call_later(10**12, lambda: pytest.fail("it never comes"))
    context.close()
