"""A context's pool: what blocks runs there, and is told of in the context's thread."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing
from typing import Any

import pytest

from qmp_iothreadd.iothread._engine import AioContext, live_counters

Start = Callable[..., AioContext]
Eventually = Callable[[Callable[[], bool]], None]


class Gate:
    """Jobs that end when they are let through; counts those that have begun."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun: list[int] = []

    def job(self) -> str:
        self.begun.append(threading.get_native_id())
        self.open.wait()
        return "done"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def workers() -> int:
    return live_counters()["pool_workers"]


def test_a_job_runs_in_a_worker_and_is_told_of_at_home(
    started: Start, eventually: Eventually
) -> None:
    context = started()
    done: list[tuple[int, Any]] = []
    future = context.submit(
        threading.get_native_id,
        lambda each: done.append((threading.get_native_id(), each)),
    )
    worker = future.result(10)
    assert worker not in (context.thread_id, threading.get_native_id())
    eventually(lambda: bool(done))
    assert done == [(context.thread_id, future)]


def test_what_a_job_raises_is_its_futures(started: Start) -> None:
    with pytest.raises(ZeroDivisionError):
        started().submit(lambda: 1 / 0).result(10)


def test_what_done_raises_is_reported(
    started: Start, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: reports.append(report.exc_type))
    started().submit(print, lambda _: 1 / 0)
    eventually(lambda: reports == [ZeroDivisionError])


def test_there_are_no_more_than_the_maximum(
    started: Start, eventually: Eventually, gate: Gate
) -> None:
    context = started()
    context.set_pool_sizes(0, 2)
    futures = [context.submit(gate.job) for _ in range(5)]
    eventually(lambda: len(gate.begun) == 2)
    assert workers() == 2
    gate.open.set()
    assert [each.result(10) for each in futures] == ["done"] * 5
    assert len(set(gate.begun)) <= 2


def test_the_minimum_is_kept_from_the_first_job_on(started: Start) -> None:
    context = started()
    context.set_pool_sizes(3, 64)
    before = workers()
    context.submit(os.getpid).result(10)
    assert workers() == before + 3
    context.close()
    assert workers() == before


def test_a_job_that_waits_can_be_cancelled(
    started: Start, eventually: Eventually, gate: Gate
) -> None:
    context = started()
    context.set_pool_sizes(0, 1)
    first = context.submit(gate.job)
    eventually(lambda: bool(gate.begun))
    second = context.submit(lambda: gate.begun.append(0))
    assert second.cancel()
    gate.open.set()
    assert first.result(10) == "done"
    context.submit(os.getpid).result(10)
    assert 0 not in gate.begun


def test_what_has_not_begun_when_the_context_is_closed_is_cancelled(
    eventually: Eventually, gate: Gate
) -> None:
    context = AioContext()
    context.set_pool_sizes(0, 1)
    told: list[Future[str]] = []
    first = context.submit(gate.job, told.append)
    eventually(lambda: bool(gate.begun))
    second = context.submit(gate.job, told.append)
    closer = threading.Thread(target=context.close)
    closer.start()
    with pytest.raises(CancelledError):
        second.result(10)
    gate.open.set()  # the one that runs is waited for
    closer.join(10)
    assert not closer.is_alive()
    assert first.result(0) == "done"
    assert told == []


@pytest.mark.parametrize(("max_batch", "begun"), [(1, [1, 2, 3]), (2, [0, 2, 2]), (0, [0, 0, 0])])
def test_what_handlers_submit_goes_to_the_pool_in_batches(
    max_batch: int, begun: list[int], eventually: Eventually
) -> None:
    """As many together as aio-max-batch says; the rest when the handlers have run."""
    ran: list[int] = []
    seen: list[int] = []
    with closing(AioContext()) as context:
        context.set_max_batch(max_batch)

        def submit() -> None:
            for i in range(3):
                context.submit(lambda i=i: ran.append(i))  # type: ignore[misc]
                if begun[i]:
                    eventually(lambda i=i: len(ran) >= begun[i])  # type: ignore[misc]
                seen.append(len(ran))

        context.schedule(submit)
        assert context.poll(True)
        assert seen == begun
        eventually(lambda: sorted(ran) == [0, 1, 2])


def test_a_nested_iteration_sends_what_was_gathered(eventually: Eventually) -> None:
    with closing(AioContext()) as context:
        results: list[int] = []

        def submit() -> None:
            future = context.submit(lambda: 5, lambda each: results.append(each.result()))
            while not results:
                context.poll(True)
            assert future.done()

        context.schedule(submit)
        assert context.poll(True)
        assert results == [5]


def test_a_closed_context_takes_no_jobs() -> None:
    context = AioContext()
    context.close()
    with pytest.raises(ValueError, match="the context is closed"):
        context.submit(print)
