"""Handlers, in Python: found by waiting and by polling, removed while they run, nested."""

from __future__ import annotations

import errno
import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import AioContext, EventNotifier, PollParams

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


class Counter:
    """A handler of an event notifier that counts its events."""

    def __init__(self, notifier: EventNotifier) -> None:
        self.notifier = notifier
        self.runs = 0
        self.threads: set[int] = set()

    def read(self) -> None:
        self.notifier.test_and_clear()
        self.runs += 1
        self.threads.add(threading.get_native_id())

    def reached(self, runs: int) -> Callable[[], bool]:
        return lambda: self.runs >= runs


def test_event_from_another_thread_is_seen_in_the_contexts_thread(
    started: Start, notifier: EventNotifier, eventually: Eventually
) -> None:
    context, counter = started(), Counter(notifier)
    context.add_handler(notifier, counter.read)
    notifier.set()
    eventually(lambda: counter.runs == 1)
    assert counter.threads == {context.thread_id}
    eventually(lambda: context.stats()["waited_events"] == 1)


def test_any_descriptor_can_be_watched(started: Start, eventually: Eventually) -> None:
    context, got = started(), bytearray()
    reader, writer = os.pipe()
    handler = context.add_handler(reader, lambda: got.extend(os.read(reader, 100)))
    os.write(writer, b"abc")
    eventually(lambda: got == b"abc")
    context.remove_handler(handler)
    os.close(reader)
    os.close(writer)


def test_a_descriptor_that_cannot_be_watched_is_refused(started: Start) -> None:
    context = started()
    with pytest.raises(OSError, match="Bad file descriptor"):
        context.add_handler(9999, print)
    assert len(context.handlers()) == 1


def test_the_handler_of_a_closed_descriptor_is_removed_and_reported_once(
    started: Start, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)
    # Of two bytes the second is found by polling, which goes on for a second.
    context, calls = started(max_ns=10**9), [0]
    reader, writer = os.pipe()

    def read() -> None:
        calls[0] += 1
        os.read(reader, 1)
        if calls[0] == 2:
            os.close(reader)

    handler = context.add_handler(reader, read, poll=True)
    time.sleep(0.05)  # the window will be as long
    os.write(writer, b"ab")
    eventually(lambda: len(context.handlers()) == 1)
    context.stop()
    assert calls == [2]
    assert [report.exc_value.errno for report in reports] == [errno.EBADF]
    assert str(reports[0].exc_value).endswith(
        f"descriptor {reader} is closed, which had a handler: it is removed"
    )
    assert reports[0].object is read
    context.remove_handler(handler)  # nothing to do
    reports.clear()
    os.close(writer)


@pytest.mark.parametrize("kind", ["memory", "kernel"])
def test_frequent_events_are_found_by_polling(notifier: EventNotifier, kind: str) -> None:
    # However long the machine keeps an iteration waiting, the window stays open.
    context, counter = AioContext(params=PollParams(max_ns=10**9)), Counter(notifier)
    context.add_handler(notifier if kind == "memory" else notifier.fd, counter.read, poll=True)
    for _ in range(10):
        if kind == "memory":
            notifier.set()
        else:
            os.eventfd_write(notifier.fd, 1)
        assert context.poll(True)
    stats = context.stats()
    context.close()
    # The first one brings the handler into the poll list, and opens the window.
    assert (stats["waited_events"], stats["polled_events"]) == (1, 9)
    assert counter.runs == 10


def test_rare_events_are_waited_for_at_no_cost(started: Start, notifier: EventNotifier) -> None:
    context, counter = started(max_ns=1000000), Counter(notifier)
    context.add_handler(notifier, counter.read, poll=True)
    before = context.stats()
    for _ in range(10):
        notifier.set()
        time.sleep(0.1)
    after = context.stats()
    assert counter.runs == 10
    assert after["waited_events"] - before["waited_events"] >= 9
    assert after["cpu_ns"] - before["cpu_ns"] < 0.01 * 1e9


def test_poll_callbacks_in_python(started: Start, eventually: Eventually) -> None:
    context, kick = started(max_ns=10**9), EventNotifier()
    calls: list[str] = []
    work: list[int] = []

    def read() -> None:
        kick.test_and_clear()
        calls.append("read")

    def poll_ready() -> None:
        calls.append(f"ready {work.pop()}")

    handler = context.add_handler(
        kick,
        read,
        poll=lambda: bool(work),
        poll_ready=poll_ready,
        poll_begin=lambda: calls.append("begin"),
        poll_end=lambda: calls.append("end"),
    )
    kick.set()  # enters the poll list, with a window of the time blocked
    eventually(lambda: "read" in calls)
    work.append(7)

    def found() -> bool:
        kick.set()  # should it have polled in vain meanwhile, and wait
        return "ready 7" in calls

    eventually(found)
    context.remove_handler(handler)
    assert calls[0] == "read"
    assert calls.index("begin") < calls.index("ready 7")
    assert calls.count("begin") == calls.count("end")
    kick.close()


def test_an_exception_is_reported_and_the_thread_lives_on(
    started: Start,
    notifier: EventNotifier,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)
    context, counter = started(), Counter(notifier)

    def fail() -> None:
        counter.read()
        raise RuntimeError("in a handler")

    context.add_handler(notifier, fail)
    for runs in (1, 2):
        notifier.set()
        eventually(counter.reached(runs))
    context.stop()
    assert [str(report.exc_value) for report in reports] == ["in a handler"] * 2
    assert reports[0].object is fail
    reports.clear()


def test_removed_handlers_never_run_again(started: Start, notifier: EventNotifier) -> None:
    context, counter = started(max_ns=1000000), Counter(notifier)
    for _ in range(200):
        handler = context.add_handler(notifier, counter.read, poll=True)
        notifier.set()
        context.remove_handler(handler)
        runs = counter.runs
        notifier.set()
        assert counter.runs == runs
        context.remove_handler(handler)  # nothing to do
    assert len(context.handlers()) == 1


def test_removal_waits_for_the_running_callback(started: Start, notifier: EventNotifier) -> None:
    context, order = started(), []
    entered = threading.Event()

    def slow() -> None:
        entered.set()
        time.sleep(0.05)
        order.append("handled")

    handler = context.add_handler(notifier, slow)
    notifier.set()
    entered.wait()
    context.remove_handler(handler)
    order.append("removed")
    assert order == ["handled", "removed"]


def test_a_handler_removes_itself_and_others(started: Start, eventually: Eventually) -> None:
    context, ran = started(), []
    notifiers = [EventNotifier() for _ in range(3)]
    handlers: list[Any] = []

    def signal_all() -> None:
        for each in notifiers:
            each.set()

    def read() -> None:
        ran.append(1)
        for handler in handlers:
            context.remove_handler(handler)

    # All are ready at once: whichever comes first removes the rest.
    context.schedule(lambda: handlers.extend(context.add_handler(each, read) for each in notifiers))
    eventually(lambda: len(handlers) == 3)
    context.schedule(signal_all)
    eventually(lambda: len(context.handlers()) == 1)
    assert ran == [1]
    for each in notifiers:
        each.close()


def test_callables_are_released_with_their_handler(started: Start, notifier: EventNotifier) -> None:
    context, counter = started(), Counter(notifier)
    alive = weakref.ref(counter)
    handler = context.add_handler(notifier, counter.read)
    del counter
    gc.collect()
    assert alive()
    context.remove_handler(handler)
    gc.collect()
    assert not alive()


def test_nested_poll_does_not_enter_the_polled_handler_again(started: Start) -> None:
    context, depths, entered = started(max_ns=10**9), [], []
    kick, work = EventNotifier(), threading.Event()

    def poll_ready() -> None:
        entered.append(1)
        depths.append(len(entered))
        for _ in range(3):  # its condition still holds
            context.poll(False)
        entered.pop()
        work.clear()
        done.set()

    done = threading.Event()
    handler = context.add_handler(
        kick, lambda: kick.test_and_clear(), poll=work.is_set, poll_ready=poll_ready
    )
    kick.set()
    for _ in range(20):
        done.clear()
        work.set()
        kick.set()
        if done.wait(0.2):
            break
    assert depths
    assert set(depths) == {1}
    context.remove_handler(handler)
    kick.close()


def test_nested_poll_serves_other_handlers(started: Start, eventually: Eventually) -> None:
    context, order = started(), []
    outer, inner = EventNotifier(), EventNotifier()

    def read_inner() -> None:
        inner.test_and_clear()
        order.append("inner")

    def read_outer() -> None:
        outer.test_and_clear()
        order.append("outer begins")
        inner.set()
        while "inner" not in order:
            context.poll(True)
        order.append("outer ends")

    context.add_handler(inner, read_inner)
    context.add_handler(outer, read_outer)
    outer.set()
    eventually(lambda: len(order) == 3)
    assert order == ["outer begins", "inner", "outer ends"]
    context.close()
    outer.close()
    inner.close()


def test_a_context_without_thread_is_driven_by_its_caller() -> None:
    context, notifier = AioContext(), EventNotifier()
    counter = Counter(notifier)
    context.add_handler(notifier, counter.read)
    assert context.poll(False) is False
    notifier.set()
    assert context.poll(True) is True
    assert counter.threads == {threading.get_native_id()}
    context.close()
    notifier.close()


def test_driving_a_context_from_a_foreign_thread_is_refused(started: Start) -> None:
    with pytest.raises(OSError, match="busy"):
        started().poll(False)
