"""The QOM types iothread and main-loop: defaults, ranges, and what reaches the thread."""

from __future__ import annotations

import os
import resource
import threading
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread._engine import POLL_PARAMS, AioContext, live_counters
from qmp_iothreadd.iothread.event_loop import INT64_MAX, IOThread, MainLoop
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.cache import load_schema_cached
from qmp_iothreadd.qapi.schema import Member
from qmp_iothreadd.testing import make_machine
from tests.iothread.iothreads import add

POLL = {"poll-max-ns": 32768, "poll-grow": 2, "poll-shrink": 2, "poll-weight": 3}
INFO: Any = load_schema_cached().types["IOThreadInfo"]
DEFAULTS = {**POLL, "aio-max-batch": 0, "thread-pool-min": 0, "thread-pool-max": 64}


def in_force(iothread: IOThread) -> dict[str, int]:
    """The engine's values of the properties in POLL."""
    assert iothread.context is not None
    params = iothread.context.poll_params
    return {
        each.property: getattr(params, each.name) for each in POLL_PARAMS if each.property in POLL
    }


def refuse(obj: IOThread, name: str, value: Any) -> str:
    with pytest.raises(QmpError) as caught:
        obj.set_property(name, value)
    return caught.value.desc


# -- Values ---------------------------------------------------------------------------------------


def test_a_member_without_a_value_is_the_least_of_its_type(machine: Machine) -> None:
    (weight,) = (member for member in INFO.members if member.name == "poll-weight")
    assert add(machine).info([Member("x-later", weight.type)]) == {"x-later": 0}


def test_defaults(machine: Machine) -> None:
    iothread = add(machine)
    assert {name: iothread.get_property(name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("name", ["poll-grow", "poll-shrink", "poll-weight"])
def test_a_factor_of_0_is_its_default(machine: Machine, name: str) -> None:
    iothread = add(machine)
    iothread.set_property(name, 7)
    iothread.set_property(name, 0)
    assert iothread.get_property(name) == DEFAULTS[name]
    assert iothread.info(INFO.members)[name] == DEFAULTS[name]


def test_poll_max_ns_of_0_stays_0(machine: Machine) -> None:
    assert add(machine, poll_max_ns=0).get_property("poll-max-ns") == 0


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_ranges(machine: Machine, name: str) -> None:
    iothread = add(machine)
    high = 63 if name == "poll-weight" else INT64_MAX
    for value in (-1, high + 1 if high < INT64_MAX else -(2**63)):
        expected = f"{name} value must be in range [0, {high}]"
        assert refuse(iothread, name, value) == expected
        assert iothread.get_property(name) == DEFAULTS[name]  # what was refused did not stay
    if not name.startswith("thread-pool"):
        iothread.set_property(name, high)
        assert iothread.get_property(name) == high


@pytest.mark.parametrize("value", [True, 1.0, "3", None, [], {}, 2**63, -(2**63) - 1])
def test_only_integers_of_64_bits_are_integers(machine: Machine, value: Any) -> None:
    expected = "Invalid parameter type for 'poll-weight', expected: integer"
    assert refuse(add(machine), "poll-weight", value) == expected


def test_pool_sizes_that_do_not_fit_are_refused_and_stay(machine: Machine) -> None:
    iothread = add(machine)
    text = "bad thread-pool-min/thread-pool-max values"
    assert refuse(iothread, "thread-pool-min", 65) == text
    assert iothread.get_property("thread-pool-min") == 65
    iothread.set_property("thread-pool-max", 65)  # now they fit
    assert refuse(iothread, "thread-pool-max", 0) == text
    assert refuse(iothread, "thread-pool-max", 2**31) == text
    assert iothread.get_property("thread-pool-max") == 2**31


# -- The thread -----------------------------------------------------------------------------------


def test_the_thread_runs_when_the_object_is_there_and_is_gone_with_it(machine: Machine) -> None:
    iothread = add(machine)
    assert str(iothread.thread_id) in os.listdir("/proc/self/task")
    machine.delete_object("io0")
    assert str(iothread.thread_id) not in os.listdir("/proc/self/task")


def test_parameters_reach_the_thread_when_made_and_when_set(machine: Machine) -> None:
    iothread = add(machine, poll_max_ns=1000, poll_grow=4)
    assert in_force(iothread) == {**POLL, "poll-max-ns": 1000, "poll-grow": 4}
    iothread.set_property("poll-weight", 0)
    iothread.set_property("poll-shrink", 9)
    assert in_force(iothread) == {**POLL, "poll-max-ns": 1000, "poll-grow": 4, "poll-shrink": 9}


def test_info_is_what_is_in_force(machine: Machine) -> None:
    iothread = add(machine, poll_max_ns=5)
    expected = {**POLL, "poll-max-ns": 5, "aio-max-batch": 0}
    assert iothread.info(INFO.members) == {"id": "io0", "thread-id": iothread.thread_id, **expected}
    iothread.set_property("aio-max-batch", 9)
    assert iothread.info(INFO.members)["aio-max-batch"] == 9


@given(st.dictionaries(st.sampled_from(sorted(POLL)), st.integers(0, 63), max_size=4))
def test_what_is_set_is_what_is_shown_and_what_runs(values: dict[str, int]) -> None:
    machine = make_machine()
    try:
        iothread = add(machine)
        for name, value in values.items():
            iothread.set_property(name, value)
        wanted = {
            name: value or (0 if name == "poll-max-ns" else POLL[name])
            for name, value in (POLL | values).items()
        }
        assert {name: iothread.info(INFO.members)[name] for name in POLL} == wanted
        assert in_force(iothread) == wanted
    finally:
        machine.close()


@pytest.mark.parametrize("name", ["poll-grow", "poll-shrink", "poll-weight"])
def test_before_qemu_11_1_a_factor_of_0_stood_for_itself(machine: Machine, name: str) -> None:
    iothread = add(machine, x_poll_policy="legacy")
    assert (iothread.get_property(name), in_force(iothread)[name]) == (0, 0)
    iothread.set_property(name, 5)
    assert (iothread.get_property(name), in_force(iothread)[name]) == (5, 5)
    iothread.set_property(name, 0)
    assert (iothread.get_property(name), in_force(iothread)[name]) == (0, 0)
    iothread.set_property("x-poll-policy", "weighted")
    assert (iothread.get_property(name), in_force(iothread)[name]) == (DEFAULTS[name],) * 2


def test_a_batch_size_reaches_the_pool_when_made_and_when_set(machine: Machine) -> None:
    def seen_by_a_handler(iothread: IOThread) -> list[str]:
        """Whether the first of two jobs of a handler begins before the second is submitted."""
        context, order, began = iothread.context, list[str](), threading.Event()
        assert context is not None

        def submit() -> None:
            context.submit(began.set)
            order.append("begins" if began.wait(0.05) else "waits")
            context.submit(began.set, lambda _: done.set())

        done = threading.Event()
        context.schedule(submit)
        assert done.wait(10)
        return order

    iothread = add(machine, aio_max_batch=1)
    assert seen_by_a_handler(iothread) == ["begins"]
    iothread.set_property("aio-max-batch", 2)
    assert seen_by_a_handler(iothread) == ["waits"]


def test_the_fd_monitor_is_chosen_when_made_and_when_set(machine: Machine) -> None:
    iothread = add(machine, x_fdmon="epoll")
    assert iothread.get_property("x-fdmon") == "epoll"
    iothread.set_property("x-fdmon", "io_uring")
    assert iothread.context is not None
    assert iothread.get_property("x-fdmon") == iothread.context.fdmon


def test_an_fd_monitor_that_is_refused_is_said(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    iothread = add(machine)

    class Refusing:
        """A context on a kernel without io_uring, and then without anything."""

        fdmon_refusal: str | None = None

        @property
        def fdmon(self) -> str:
            return "epoll"

        @fdmon.setter
        def fdmon(self, name: str) -> None:
            if name == "epoll":
                raise OSError(24, "Too many open files")
            self.fdmon_refusal = "Operation not permitted"

    with monkeypatch.context() as patched:
        patched.setattr(iothread, "_context", Refusing())
        iothread.set_property("x-fdmon", "io_uring")
        assert iothread.get_property("x-fdmon") == "epoll"
        said = "warning: io0: io_uring is refused (Operation not permitted): it uses epoll\n"
        assert capsys.readouterr().err == said
        expected = "cannot use the fd monitor epoll: Too many open files"
        assert refuse(iothread, "x-fdmon", "epoll") == expected


# -- Where no thread can poll ---------------------------------------------------------------------


def test_without_polling_defaults_are_0_and_polling_is_refused() -> None:
    machine = make_machine(polling=False)
    text = "AioContext polling is not implemented on Windows"
    try:
        iothread = add(machine)
        assert [iothread.info(INFO.members)[name] for name in POLL] == [0, 0, 0, 0]
        assert iothread.get_property("thread-pool-max") == 64
        iothread.set_property("poll-max-ns", 0)
        iothread.set_property("poll-weight", 5)
        assert iothread.get_property("poll-weight") == 5
        assert refuse(iothread, "poll-max-ns", 1) == text
        with pytest.raises(QmpError, match=text):
            add(machine, "io1", poll_max_ns=1)
        assert [each.name for each in machine.iothreads()] == ["io0"]
    finally:
        machine.close()


# -- The main loop --------------------------------------------------------------------------------


def test_the_main_loop_has_the_members_of_the_base_only(machine: Machine) -> None:
    main_loop = machine.add_object("main-loop", "ml", {})
    assert [prop.name for prop in main_loop.properties()] == [
        "type",
        "thread-pool-min",
        "aio-max-batch",
        "thread-pool-max",
    ]
    main_loop.set_property("thread-pool-min", 3)
    with pytest.raises(QmpError, match="bad thread-pool-min/thread-pool-max values"):
        main_loop.set_property("thread-pool-max", 2)


def test_a_main_loop_serves_no_context_before_there_are_disks(machine: Machine) -> None:
    main_loop = machine.add_object("main-loop", "ml", {})
    assert isinstance(main_loop, MainLoop)
    assert main_loop.context is None


def test_a_main_loop_that_does_not_fit_is_refused(machine: Machine) -> None:
    with pytest.raises(QmpError, match="bad thread-pool-min"):
        machine.add_object("main-loop", "ml", {"thread-pool-max": 0})
    machine.add_object("main-loop", "ml", {})


def test_a_main_loop_refuses_pool_sizes_before_it_finds_that_it_is_the_second(
    machine: Machine,
) -> None:
    machine.add_object("main-loop", "ml", {})
    with pytest.raises(QmpError, match="only one main-loop instance allowed"):
        machine.add_object("main-loop", "other", {})
    for name in ("other", "ml"):
        with pytest.raises(QmpError, match="bad thread-pool-min"):
            machine.add_object("main-loop", name, {"thread-pool-max": 0})


def test_without_a_descriptor_for_its_fd_monitor_nothing_is_left(machine: Machine) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    machine.delete_object(add(machine, x_fdmon="epoll").name)
    with pytest.raises(QmpError):
        machine.delete_object("io0")  # texts of errors are loaded
    before, free = live_counters(), os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, limits[1]))
    try:
        with pytest.raises(QmpError, match="cannot use the fd monitor epoll: Too many open files"):
            add(machine, x_fdmon="epoll")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert (live_counters(), machine.iothreads()) == (before, [])


def test_a_main_loop_is_served_also_while_its_pool_sizes_are_refused_ones(machine: Machine) -> None:
    loop = machine.add_object("main-loop", "loop", {})
    assert isinstance(loop, MainLoop)
    with pytest.raises(QmpError, match="bad thread-pool-min/thread-pool-max values"):
        loop.set_property("thread-pool-max", 2**40)
    with closing(AioContext()) as context:
        loop.serve(context)
        assert context.submit(os.getpid).result(60) == os.getpid()
        loop.set_property("thread-pool-max", 1)
        loop.serve(None)
