"""Closing, stopping and using the same native object from several threads at once."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable

import pytest

from qmp_iothreadd.iothread._engine import AioContext, EventNotifier, NativeWorkload, PollParams

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]

ROUNDS = 100


def at_once(*functions: Callable[[], object]) -> None:
    """Calls each in a thread of its own, all released together; fails when one does not return.

    ValueError, which is what a closed object raises, is an answer; any other exception fails.
    """
    barrier = threading.Barrier(len(functions))
    unexpected: list[BaseException] = []

    def call(function: Callable[[], object]) -> None:
        barrier.wait()
        try:
            function()
        except ValueError:
            pass
        except BaseException as error:
            unexpected.append(error)

    threads = [threading.Thread(target=call, args=(each,), daemon=True) for each in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "it hangs"
    assert not unexpected, unexpected


def test_contexts_are_closed_by_two_threads_at_once(notifier: EventNotifier) -> None:
    for _ in range(ROUNDS):
        context = AioContext("IO twice")
        context.start()
        context.add_handler(notifier, notifier.test_and_clear, poll=True)

        def close(context: AioContext = context) -> None:
            context.close()
            with pytest.raises(ValueError, match="closed"):
                _ = context.thread_id  # it is closed for this one as well

        at_once(close, close)


USES: dict[str, Callable[[AioContext], object]] = {
    "stop": AioContext.stop,
    "stats": AioContext.stats,
    "reset_stats": AioContext.reset_stats,
    "set_poll_params": lambda context: context.set_poll_params(PollParams(max_ns=5)),
    "schedule": lambda context: context.schedule(print_nothing),
    "call_later": lambda context: context.call_later(10**9, print_nothing),
    "drain_traces": AioContext.drain_traces,
    "set_nice": lambda context: ignoring_no_thread(context),
    "start": AioContext.start,
}


def print_nothing() -> None:
    pass


def ignoring_no_thread(context: AioContext) -> None:
    with contextlib.suppress(ProcessLookupError):
        context.set_nice(os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.parametrize("name", USES)
def test_contexts_are_closed_while_other_threads_use_them(name: str) -> None:
    for _ in range(ROUNDS // 2):
        context = AioContext("IO used")
        if name != "start":
            context.start()

        def use(context: AioContext = context) -> None:
            for _ in range(20):
                USES[name](context)
                if name == "start":
                    context.stop()

        at_once(use, context.close)


def test_contexts_are_closed_while_handlers_come_and_go(notifier: EventNotifier) -> None:
    for _ in range(ROUNDS):
        context = AioContext("IO handlers")
        context.start()

        def come_and_go(context: AioContext = context) -> None:
            for _ in range(20):
                handler = context.add_handler(notifier, notifier.test_and_clear, poll=True)
                context.remove_handler(handler)

        at_once(come_and_go, context.close)


def test_one_handler_is_removed_by_two_threads_and_the_close(notifier: EventNotifier) -> None:
    for _ in range(ROUNDS):
        context = AioContext("IO handler")
        context.start()
        handler = context.add_handler(notifier, notifier.test_and_clear)

        def remove(context: AioContext = context, handler: object = handler) -> None:
            context.remove_handler(handler)  # type: ignore[arg-type]

        at_once(remove, remove, context.close)


def test_a_handler_is_removed_from_its_own_context_only(started: Start) -> None:
    context, other = started(), started()
    reader, writer = os.pipe()
    handler = context.add_handler(reader, print_nothing)
    with pytest.raises(ValueError, match="another context's"):
        other.remove_handler(handler)
    context.remove_handler(handler)
    os.close(reader)
    os.close(writer)


def test_close_ends_polls_that_wait() -> None:
    context = AioContext()
    entered = threading.Event()

    def poll() -> None:
        context.schedule(entered.set)
        while True:
            context.poll(True)

    def close() -> None:
        entered.wait()
        context.close()

    at_once(poll, poll, poll, close)


def test_a_handler_cannot_close_the_context_that_calls_it() -> None:
    context, caught = AioContext(), []

    def close() -> None:
        try:
            context.close()
        except OSError as error:
            caught.append(error.errno)

    context.schedule(close)
    assert context.poll(False)
    assert caught == [errno.EDEADLK]
    context.close()


def test_a_second_stop_returns_when_the_first_is_done(started: Start) -> None:
    for _ in range(ROUNDS):
        context = started()

        def stop(context: AioContext = context) -> None:
            context.stop()
            assert context.thread_id == 0

        at_once(stop, stop)


def test_a_start_is_not_refused_for_what_other_threads_ask_meanwhile() -> None:
    context = AioContext("IO busy")
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            context.reset_stats()

    def start_and_stop() -> None:
        try:
            for _ in range(ROUNDS * 2):
                assert context.start()
                context.stop()
        finally:
            done.set()

    at_once(ask, ask, start_and_stop)
    context.close()


def test_a_nested_poll_that_takes_the_notification_does_not_keep_the_thread_from_stopping(
    started: Start, notifier: EventNotifier, eventually: Eventually
) -> None:
    context = started(max_ns=10**8)
    nested, ending = threading.Event(), threading.Event()

    def poll() -> bool:
        if not nested.is_set():
            nested.set()
            while not ending.is_set():
                context.poll(True)
        return False

    context.add_handler(notifier, notifier.test_and_clear, poll=poll)
    context.schedule(print_nothing)

    def polled() -> bool:
        notifier.set()
        return nested.is_set()

    eventually(polled)
    time.sleep(0.3)  # the window passes; the nested iteration blocks
    ending.set()
    at_once(context.stop)


def test_workloads_are_stopped_tuned_and_looked_at_by_several_threads(started: Start) -> None:
    context = started()
    for _ in range(ROUNDS // 2):
        workload = NativeWorkload(context, interval_ns=10000)

        def look(workload: NativeWorkload = workload) -> None:
            while True:
                workload.stats()
                workload.tune(interval_ns=20000)

        at_once(workload.stop, workload.stop, look)


def test_a_handler_stops_a_workload_that_another_thread_stops(started: Start) -> None:
    for _ in range(ROUNDS // 2):
        context = started()
        workload = NativeWorkload(context, interval_ns=10000)
        context.schedule(workload.stop)
        at_once(workload.stop)
        context.close()


def test_event_notifiers_are_closed_while_other_threads_set_them() -> None:
    for _ in range(ROUNDS):
        notifier = EventNotifier()
        ready = threading.Event()

        def use(notifier: EventNotifier = notifier, ready: threading.Event = ready) -> None:
            ready.set()
            while notifier.fd >= 0:
                notifier.set()
                notifier.test_and_clear()

        def close(notifier: EventNotifier = notifier, ready: threading.Event = ready) -> None:
            ready.wait()
            notifier.close()
            notifier.set()  # nothing happens
            assert not notifier.test_and_clear()

        at_once(use, close, close)
        assert notifier.fd == -1
