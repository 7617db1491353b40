"""Bottom halves: in the context's thread, in order, from any thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import AioContext

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


def test_they_run_once_and_in_order_in_the_contexts_thread(
    started: Start, eventually: Eventually
) -> None:
    context, ran, threads = started(), [], set()

    def note(i: int) -> None:
        ran.append(i)
        threads.add(threading.get_native_id())

    for i in range(100):
        context.schedule(partial(note, i))
    eventually(lambda: len(ran) == 100)
    assert ran == list(range(100))
    assert threads == {context.thread_id}


def test_one_scheduled_by_another_runs_in_the_next_iteration(
    started: Start, eventually: Eventually
) -> None:
    context, iterations = started(), []

    def again() -> None:
        iterations.append(context.stats()["iterations"])
        if len(iterations) < 5:
            context.schedule(again)

    context.schedule(again)
    eventually(lambda: len(iterations) == 5)
    assert len(set(iterations)) == 5


def test_from_many_threads_none_is_lost(started: Start, eventually: Eventually) -> None:
    context = started()
    ran: list[int] = []

    def schedule() -> None:
        for _ in range(500):
            context.schedule(lambda: ran.append(1))

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(ran) == 2000)


def test_an_exception_is_reported(
    started: Start, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reports.append(report.exc_type))
    started().schedule(lambda: 1 / 0)
    eventually(lambda: reports == [ZeroDivisionError])


def test_those_pending_in_a_stopped_context_are_released_unrun() -> None:
    context, ran = AioContext(), []
    context.schedule(lambda: ran.append(1))
    context.close()
    assert ran == []


def test_they_wake_a_context_out_of_a_long_busy_poll(
    started: Start, eventually: Eventually
) -> None:
    context = started(max_ns=10**12)
    ran: list[int] = []
    for _ in range(50):
        ran.clear()
        context.schedule(lambda: ran.append(1))
        eventually(lambda: ran == [1])
