"""What is put off until a turn ends: parameters, names of threads, their ends."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd import errors
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread import _engine, together
from qmp_iothreadd.iothread._engine import AioContext, PollParams
from qmp_iothreadd.iothread.event_loop import IOThread
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine
from tests.iothread.iothreads import add


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """One in the middle of a turn."""
    machine.together.in_turn = True
    return machine


def threads() -> set[str]:
    return set(os.listdir("/proc/self/task"))


def native(iothread: IOThread) -> AioContext:
    """The context as it is, with what has reached it."""
    assert iothread._context is not None
    return iothread._context


# -- Parameters -----------------------------------------------------------------------------------


def test_parameters_reach_the_thread_when_the_turn_ends(machine: Machine) -> None:
    iothread = add(machine)
    for value in range(1, 100):
        iothread.set_property("poll-max-ns", value)
    iothread.set_property("poll-weight", 5)
    assert iothread.get_property("poll-max-ns") == 99
    assert native(iothread).poll_params == PollParams()
    machine.together.end_turn()
    assert native(iothread).poll_params == PollParams(max_ns=99, weight=5)


def test_a_turn_tells_each_thread_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[AioContext]] = []
    apply = _engine.apply_poll_params

    def count(changes: Any) -> None:
        told.append([context for context, _, _ in changes])
        apply(changes)

    monkeypatch.setattr(_engine, "apply_poll_params", count)
    one, two = add(machine), add(machine, "io1")
    for each in (one, two, one, two):
        each.set_property("poll-grow", each.get_property("poll-grow") + 1)
    machine.together.settle()
    machine.together.settle()
    assert told == [[native(one), native(two)]]
    one.set_property("poll-grow", 0)
    machine.together.settle()
    assert len(told) == 2
    assert native(one).poll_params == PollParams()


@pytest.mark.parametrize("look", ["context", "stats", "reset_stats"])
def test_who_looks_at_a_thread_sees_it_with_its_parameters(machine: Machine, look: str) -> None:
    iothread = add(machine)
    iothread.set_property("x-poll-policy", "legacy")
    found = getattr(iothread, look)
    if callable(found):
        found()
    assert native(iothread).policy == "legacy"


def test_without_a_turn_parameters_reach_the_thread_at_once(machine: Machine) -> None:
    iothread = add(machine)
    iothread.set_property("poll-shrink", 3)
    machine.together.end_turn()
    iothread.set_property("poll-shrink", 4)
    assert native(iothread).poll_params == PollParams(shrink=4)


def test_what_is_refused_is_refused_at_once() -> None:
    machine = make_machine(polling=False)
    machine.together.in_turn = True
    try:
        iothread = add(machine)
        with pytest.raises(QmpError):
            iothread.set_property("poll-max-ns", 1)
    finally:
        machine.close()


def test_the_parameters_of_a_deleted_iothread_are_nobodys(machine: Machine) -> None:
    iothread = add(machine)
    iothread.set_property("poll-max-ns", 1)
    machine.delete_object("io0")
    iothread.set_property("poll-max-ns", 2)
    machine.together.settle()
    assert iothread.context is None


def test_parameters_for_many_pass_over_those_that_are_closed() -> None:
    open_one, closed = AioContext(), AioContext()
    closed.close()
    wanted = PollParams(max_ns=7)
    _engine.apply_poll_params([(each, wanted, "legacy") for each in (closed, open_one)])
    assert (open_one.poll_params, open_one.policy) == (wanted, "legacy")
    with pytest.raises(ValueError, match="policy must be one of"):
        _engine.apply_poll_params([(open_one, wanted, "none")])
    open_one.close()


# -- Threads --------------------------------------------------------------------------------------


def test_threads_have_their_names_when_the_turn_ends(machine: Machine) -> None:
    made = [add(machine, f"io{number}") for number in range(5)]
    machine.together.end_turn()
    names = [Path(f"/proc/self/task/{each.thread_id}/comm").read_text() for each in made]
    assert names == [f"IO {each.name}\n" for each in made]


def test_threads_end_when_the_turn_does(machine: Machine) -> None:
    made = [add(machine, f"io{number}") for number in range(5)]
    for each in made:
        machine.delete_object(each.name)
        assert each.context is None
    machine.together.end_turn()
    assert threads().isdisjoint(str(each.thread_id) for each in made)


def test_not_too_many_wait_for_the_end(machine: Machine) -> None:
    before = len(threads())
    for number in range(together.ENDING_AT_ONCE):
        add(machine, f"io{number}")
        machine.delete_object(f"io{number}")
    assert len(threads()) == before


def test_a_name_is_free_as_soon_as_it_was_deleted(machine: Machine) -> None:
    first = add(machine)
    machine.delete_object("io0")
    second = add(machine)
    machine.together.end_turn()
    assert str(second.thread_id) in threads()
    assert str(first.thread_id) not in threads()


def test_there_is_room_for_as_many_as_at_a_time(machine: Machine) -> None:
    """Where descriptors are short, those of deleted ones are to be had again in the same turn."""
    add(machine)
    errors.aio_context_failed("")  # its text is loaded from a file
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(fd) for fd in os.listdir("/proc/self/fd")) + 1
    spare = [os.dup(0) for _ in range(used - len(os.listdir("/proc/self/fd")))]
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, limits[1]))
    try:
        while True:
            try:
                spare.append(os.dup(0))
            except OSError:
                break
        with pytest.raises(QmpError, match="Too many open files"):
            add(machine, "io1")
        machine.delete_object("io0")
        add(machine)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for fd in spare:
            os.close(fd)


def test_ends_of_many_pass_over_those_that_have_ended() -> None:
    running, stopped, closed = [AioContext() for _ in range(3)]
    for each in (running, stopped, closed):
        each.start(wait=False)
    stopped.stop()
    closed.close()
    _engine.await_started([running, stopped, closed])
    _engine.stop_all([running, stopped, closed])
    assert (running.thread_id, stopped.thread_id) == (0, 0)
    running.start()  # as after any stop
    running.close()
    stopped.close()
