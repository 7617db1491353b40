"""Work that begins after its command was answered, with an event loop and without one."""

from __future__ import annotations

import asyncio

import pytest

from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.testing import make_machine


async def note(done: list[str], name: str) -> None:
    done.append(name)


async def wait_forever(done: list[str], name: str) -> None:
    done.append(f"{name} begins")
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        done.append(f"{name} ends")


async def test_an_event_loop_begins_it_at_its_next_turn() -> None:
    machine, done = make_machine(), list[str]()
    machine.part(BackgroundWork).spawn(note(done, "a"))
    assert done == []
    await asyncio.sleep(0)
    assert done == ["a"]
    machine.close()


async def test_what_is_under_way_ends_with_the_machine() -> None:
    machine, done = make_machine(), list[str]()
    machine.part(BackgroundWork).spawn(wait_forever(done, "a"))
    await asyncio.sleep(0)
    machine.close()
    await asyncio.sleep(0)
    assert done == ["a begins", "a ends"]


def test_without_an_event_loop_it_waits_to_be_run() -> None:
    machine, done = make_machine(), list[str]()
    work = machine.part(BackgroundWork)
    work.spawn(note(done, "a"))
    work.spawn(note(done, "b"))
    assert done == []
    work.run()
    assert done == ["a", "b"]
    work.run()
    assert done == ["a", "b"]
    machine.close()


@pytest.mark.filterwarnings("error")
def test_what_was_never_run_is_given_up_with_the_machine() -> None:
    machine, done = make_machine(), list[str]()
    machine.part(BackgroundWork).spawn(note(done, "a"))
    machine.close()
    assert done == []


async def _turn() -> None:
    await asyncio.sleep(0)


def test_what_waits_for_something_needs_an_event_loop() -> None:
    machine = make_machine()
    work = machine.part(BackgroundWork)
    work.spawn(_turn())
    with pytest.raises(NotImplementedError, match="needs an event loop"):
        work.run()
    machine.close()
