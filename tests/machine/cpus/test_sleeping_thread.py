"""Threads that sleep until they are to end."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from qmp_iothreadd.machine.cpus._sleeping_thread import SleepingThread


def threads() -> set[int]:
    return {int(name) for name in os.listdir("/proc/self/task")}


def test_it_is_a_thread_with_a_name_that_can_be_pinned_and_is_gone_when_closed() -> None:
    before = threads()
    thread = SleepingThread("CPU 287/TCG")
    assert threads() - before == {thread.thread_id}
    folder = Path(f"/proc/self/task/{thread.thread_id}")
    assert (folder / "comm").read_text() == "CPU 287/TCG\n"
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(thread.thread_id, {cpu})
    assert os.sched_getaffinity(thread.thread_id) == {cpu}
    thread.close()
    assert threads() == before
    assert thread.thread_id == 0
    thread.close()
    thread.request_end()


def test_many_are_asked_to_end_before_the_first_is_waited_for() -> None:
    before = threads()
    made = [SleepingThread(f"CPU {number}/TCG") for number in range(288)]
    for thread in made:
        thread.request_end()
    for thread in made:
        thread.close()
    assert threads() == before


def test_one_that_is_forgotten_ends() -> None:
    before = threads()
    thread = SleepingThread("a name that is longer than the kernel's")
    name = Path(f"/proc/self/task/{thread.thread_id}/comm").read_text()
    assert name == "a name that is \n"
    del thread
    assert threads() == before


def test_a_fork_has_none_of_them() -> None:
    thread = SleepingThread("CPU 0/TCG")
    child = os.fork()
    if child == 0:
        thread.close()  # returns: there is nothing to wait for
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert thread.thread_id in threads()
    thread.close()


def test_arguments_are_checked() -> None:
    with pytest.raises(TypeError):
        SleepingThread(7)  # type: ignore[arg-type]


def test_where_the_system_has_no_more_that_is_said() -> None:
    child = os.fork()
    if child == 0:  # the limit cannot be taken back
        resource.setrlimit(resource.RLIMIT_AS, (1, 1))
        made = list[SleepingThread]()
        try:
            while len(made) < 1000:
                made.append(SleepingThread("x"))
        except OSError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
