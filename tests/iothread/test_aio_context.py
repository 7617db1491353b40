"""An AioContext as QEMU's tests/unit/test-aio.c describes it, with each fd monitor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from qmp_iothreadd.iothread._engine import (
    FD_MONITORS,
    AioContext,
    BottomHalf,
    EventNotifier,
    PollParams,
    Timer,
    live_counters,
)

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(params=FD_MONITORS)
def context(request: pytest.FixtureRequest) -> Iterator[AioContext]:
    with closing(AioContext(fdmon=request.param)) as context:
        yield context


class Calls(list[str]):
    """What was called, in order."""

    def note(self, name: str) -> Callable[[], None]:
        return lambda: self.append(name)


@pytest.fixture
def calls() -> Calls:
    return Calls()


def drain(context: AioContext) -> int:
    """Iterates until nothing is left to do; how often something was."""
    count = 0
    while context.poll(False):
        count += 1
    return count


def wait(context: AioContext) -> None:
    """Iterates until something was done; one that was notified may end before."""
    while not context.poll(True):
        pass


# -- Nothing to do, and notifications -------------------------------------------------------------


def test_there_is_nothing_to_do_at_first_and_after_each_change(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    assert context.poll(False) is False
    handler = context.add_handler(notifier, notifier.test_and_clear, poll=True)
    assert context.poll(False) is False
    context.set_poll_params(PollParams(max_ns=1000))
    assert context.poll(False) is False
    context.bottom_half(calls.note("bh")).delete()
    context.timer(calls.note("timer")).modify(10**12)
    assert context.poll(False) is False
    context.remove_handler(handler)
    assert context.poll(False) is False
    assert calls == []


def test_a_notification_ends_a_wait_and_is_no_progress(context: AioContext) -> None:
    for _ in range(3):
        context.notify()
        assert context.poll(True) is False
        assert context.poll(False) is False


def test_a_notification_wakes_who_polls(context: AioContext) -> None:
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(context.poll(True)))
    thread.start()
    context.notify()
    thread.join(10)
    assert results == [False]


# -- Bottom halves --------------------------------------------------------------------------------


def test_a_bottom_half_runs_once_however_often_it_is_scheduled(
    context: AioContext, calls: Calls
) -> None:
    half = context.bottom_half(calls.note("run"))
    assert isinstance(half, BottomHalf)
    assert half.context is context
    assert context.poll(False) is False
    for times in (1, 2):
        half.schedule()
        half.schedule()
        assert context.poll(True)
        assert context.poll(False) is False
        assert calls == ["run"] * times
    half.delete()


def test_one_that_schedules_itself_runs_ten_times(context: AioContext, calls: Calls) -> None:
    def run() -> None:
        calls.append("run")
        if len(calls) < 10:
            half.schedule()

    half = context.bottom_half(run)
    half.schedule()
    assert context.poll(False)
    assert len(calls) == 1
    assert context.poll(True)
    assert len(calls) == 2
    assert drain(context) == 8
    half.delete()


def test_a_cancelled_one_does_not_run_until_it_is_scheduled_again(
    context: AioContext, calls: Calls
) -> None:
    half = context.bottom_half(calls.note("run"))
    half.schedule()
    half.cancel()
    assert context.poll(False) is False
    half.schedule()
    half.cancel()
    half.schedule()
    assert context.poll(False)
    assert calls == ["run"]
    half.delete()


def test_a_deleted_one_never_runs(context: AioContext, calls: Calls) -> None:
    half = context.bottom_half(calls.note("run"))
    half.schedule()
    half.delete()
    half.delete()
    half.cancel()
    assert context.poll(False) is False
    assert calls == []
    with pytest.raises(ValueError, match="the bottom half is deleted"):
        half.schedule()


@pytest.mark.parametrize("many", [1, 4])
def test_they_delete_themselves_while_they_run(
    context: AioContext, calls: Calls, many: int
) -> None:
    def deleter(index: int) -> Callable[[], None]:
        def run() -> None:
            calls.append(str(index))
            halves[index].schedule()
            halves[index].delete()

        return run

    halves = [context.bottom_half(deleter(i)) for i in range(many)]
    for half in halves:
        half.schedule()
    assert context.poll(True)
    assert drain(context) == 0
    assert calls == [str(i) for i in range(many)]


def test_what_schedule_returns_can_be_cancelled_and_is_gone_when_it_has_run(
    context: AioContext, calls: Calls
) -> None:
    half = context.schedule(calls.note("cancelled"))
    half.cancel()
    assert context.poll(False) is False
    half = context.schedule(calls.note("run"))
    half.schedule()  # it is, already
    assert context.poll(False)
    assert drain(context) == 0
    assert calls == ["run"]
    half.cancel()
    half.delete()
    with pytest.raises(ValueError, match="the bottom half is deleted"):
        half.schedule()


def test_those_that_are_left_go_with_the_context(calls: Calls) -> None:
    before = live_counters()["bottom_halves"]
    context = AioContext()
    idle, pending = (context.bottom_half(calls.note("run")) for _ in range(2))
    pending.schedule()
    assert live_counters()["bottom_halves"] == before + 2
    context.close()
    assert live_counters()["bottom_halves"] == before
    assert calls == []
    for half in (idle, pending):
        half.cancel()
        half.delete()
        with pytest.raises(ValueError, match="the context is closed"):
            half.schedule()


def test_any_thread_schedules_cancels_and_deletes(started: Start, eventually: Eventually) -> None:
    context = started(max_ns=100000)
    ran: list[int] = []

    def disturb() -> None:
        for _ in range(300):
            half = context.bottom_half(lambda: ran.append(1))
            half.schedule()
            half.cancel()
            half.schedule()
            half.delete()

    threads = [threading.Thread(target=disturb) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = context.bottom_half(lambda: ran.append(-1))
    last.schedule()
    eventually(lambda: ran[-1:] == [-1])
    assert len(ran) <= 901
    last.delete()


def test_a_pending_one_spares_a_busy_poll_in_vain(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    context.set_poll_params(PollParams(max_ns=10**12))
    context.add_handler(notifier, notifier.test_and_clear, poll=True)
    notifier.set()
    wait(context)
    assert context.poll_ns > 0
    context.reset_stats()
    for _ in range(5):
        context.schedule(calls.note("run"))
        assert context.poll(True)
    assert context.stats()["polls"] == 0
    assert calls == ["run"] * 5


# -- Event notifiers ------------------------------------------------------------------------------


def test_a_handler_that_was_removed_runs_no_more(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    handler = context.add_handler(notifier, calls.note("event"))
    notifier.set()
    context.remove_handler(handler)
    assert context.poll(False) is False
    assert calls == []


def test_events_are_waited_for_one_at_a_time(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    def read() -> None:
        notifier.test_and_clear()
        calls.append("event")
        if len(calls) < 10:
            notifier.set()

    context.add_handler(notifier, read)
    assert context.poll(False) is False
    notifier.set()
    for times in range(1, 11):
        assert context.poll(True)
        assert len(calls) == times
    assert context.poll(False) is False


def test_events_of_two_are_told_apart(context: AioContext, calls: Calls) -> None:
    with closing(EventNotifier()) as first, closing(EventNotifier()) as second:
        context.add_handler(first, lambda: calls.append(f"first {first.test_and_clear()}"))
        context.add_handler(second, lambda: calls.append(f"second {second.test_and_clear()}"))
        second.set()
        assert drain(context) == 1
        first.set()
        assert drain(context) == 1
        assert calls == ["second True", "first True"]


def test_those_found_in_one_pass_run_last_found_first(context: AioContext, calls: Calls) -> None:
    def note(name: str, each: EventNotifier) -> Callable[[], None]:
        return lambda: calls.append(f"{name} {each.test_and_clear()}")

    notifiers = [EventNotifier() for _ in range(4)]
    context.set_poll_params(PollParams(max_ns=10**9))
    for i, each in enumerate(notifiers):
        context.add_handler(each, note(str(i), each), poll=True)
    for each in notifiers:  # they enter the poll list, each at its head
        each.set()
        wait(context)
    del calls[:]
    for each in notifiers:
        each.set()
    before = context.stats()
    assert context.poll(True)
    assert context.stats()["polled_events"] == before["polled_events"] + 4
    assert calls == ["0 True", "1 True", "2 True", "3 True"]
    for each in notifiers:
        each.close()


def test_a_handler_waits_for_another_within_itself(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    """Of two that are ready at once the first waits for the second, in a nested iteration."""
    with closing(EventNotifier()) as second:

        def wait(own: EventNotifier, other: str, name: str) -> Callable[[], None]:
            def read() -> None:
                own.test_and_clear()
                calls.append(name)
                while other not in calls:
                    assert context.poll(True)

            return read

        context.add_handler(notifier, wait(notifier, "second", "first"), poll=True)
        context.add_handler(second, wait(second, "first", "second"), poll=True)
        for _ in range(10):
            del calls[:]
            notifier.set()
            second.set()
            assert context.poll(True)
            assert sorted(calls) == ["first", "second"]


def test_poll_callbacks_iterate_within_a_bottom_half(
    context: AioContext, notifier: EventNotifier, calls: Calls
) -> None:
    """As in QEMU's test-nested-aio-poll: a polled handler runs in the nested iteration only."""

    def read() -> None:
        notifier.test_and_clear()
        calls.append("event")

    context.set_poll_params(PollParams(max_ns=10**9))
    context.add_handler(notifier, read, poll=True)

    def nested() -> None:
        notifier.set()
        while "event" not in calls:
            context.poll(True)
        calls.append("nested")

    context.schedule(nested)
    assert context.poll(True)
    assert context.poll(False) is False
    assert calls == ["event", "nested"]


# -- Timers ---------------------------------------------------------------------------------------


def test_a_timer_fires_once_and_again_when_it_is_modified(
    context: AioContext, calls: Calls
) -> None:
    timer = context.timer(calls.note("fired"))
    assert isinstance(timer, Timer)
    assert (timer.context, timer.pending) == (context, False)
    for times in (1, 2):
        timer.modify(1000000)
        assert timer.pending
        start = time.monotonic_ns()
        while not context.poll(True):
            pass
        assert time.monotonic_ns() - start < 5 * 10**9
        assert calls == ["fired"] * times
        assert not timer.pending
        assert context.poll(False) is False


def test_a_timer_arms_itself(context: AioContext, calls: Calls) -> None:
    def fire() -> None:
        calls.append("fired")
        if len(calls) < 3:
            timer.modify(0)

    timer = context.timer(fire)
    timer.modify(-1)  # it is over
    while len(calls) < 3:
        assert context.poll(True)
    assert not timer.pending


def test_a_timer_is_put_off_brought_forward_cancelled_and_deleted(
    context: AioContext, calls: Calls
) -> None:
    timer = context.call_later(0, calls.note("fired"))
    timer.modify(10**12)
    assert context.poll(False) is False
    timer.modify(0)
    assert context.poll(True)
    timer.modify(0)
    timer.cancel()
    assert context.poll(False) is False
    timer.cancel()
    timer.modify(0)
    timer.delete()
    assert context.poll(False) is False
    assert calls == ["fired"]
    with pytest.raises(ValueError, match="the timer is deleted"):
        timer.modify(0)


def test_a_timer_that_deletes_itself_is_gone(context: AioContext, calls: Calls) -> None:
    def fire() -> None:
        timer.delete()
        calls.append("fired")

    before = live_counters()["timers"]
    timer = context.call_later(0, fire)
    assert context.poll(True)
    assert live_counters()["timers"] == before
    assert calls == ["fired"]


def test_any_thread_arms_and_cancels_a_timer(started: Start, eventually: Eventually) -> None:
    context, fired = started(), list[int]()
    timer = context.timer(lambda: fired.append(1))
    for _ in range(200):
        timer.modify(0)
        timer.cancel()
    seen = len(fired)
    assert not timer.pending
    timer.modify(1000)
    eventually(lambda: len(fired) == seen + 1)
    context.close()
    with pytest.raises(ValueError, match="the context is closed"):
        timer.modify(0)
