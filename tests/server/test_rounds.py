"""Machines of one event loop take turns: who goes on when, on a clock that the test turns."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from qmp_iothreadd.server.connection import Connection
from qmp_iothreadd.server.rounds import SHORT_TURN_S, Rounds
from qmp_iothreadd.server.turns import TURN_S, Turns
from tests.waiting import wait_until_async


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Busy:
    """In place of a machine's Turns: has something to do for so many turns, each of ``takes_s``."""

    def __init__(
        self, name: str, turns: int, took: list[str], clock: Clock, takes_s: float
    ) -> None:
        self.name = name
        self.turns = turns
        self.took = took
        self.clock = clock
        self.takes_s = takes_s

    def go_on(self, until: float) -> bool:
        self.took.append(self.name)
        self.clock.now += self.takes_s
        self.turns -= 1
        return self.turns > 0


class Bench:
    def __init__(self) -> None:
        self.clock = Clock()
        self.rounds = Rounds(asyncio.get_running_loop(), self.clock)
        self.took: list[str] = []

    def add(self, name: str, turns: int, *, came: bool = False, takes_s: float = TURN_S) -> Any:
        made = Busy(name, turns, self.took, self.clock, takes_s)
        self.rounds.add(cast("Turns", made), came=came)
        return made

    async def done(self, count: int) -> str:
        await wait_until_async(lambda: len(self.took) >= count)
        await asyncio.sleep(0)
        return "".join(self.took)


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_each_has_a_turn_before_one_has_the_next(bench: Bench) -> None:
    for name in "abc":
        bench.add(name, 2)
    assert await bench.done(6) == "abcabc"


async def test_a_round_takes_the_time_of_one_turn(bench: Bench) -> None:
    for name in "abc":
        bench.add(name, 2)
    await asyncio.sleep(0)
    assert "".join(bench.took) == "a"
    await asyncio.sleep(0)
    assert "".join(bench.took) == "ab"


async def test_those_with_little_fit_into_one_round(bench: Bench) -> None:
    for name in "abc":
        bench.add(name, 1, takes_s=TURN_S / 10)
    await asyncio.sleep(0)
    assert "".join(bench.took) == "abc"


async def test_who_has_just_come_does_not_wait_for_all(bench: Bench) -> None:
    for name in "abcd":
        bench.add(name, 2)
    for name in "xy":
        bench.add(name, 2, came=True)
    # One of those that came, one of those that wait; afterwards the former wait, too.
    assert await bench.done(12) == "xaybcdxaybcd"


async def test_nobody_is_in_the_queue_twice(bench: Bench) -> None:
    one = bench.add("a", 1)
    bench.rounds.add(one, came=True)
    assert await bench.done(1) == "a"
    for _ in range(3):
        await asyncio.sleep(0)
    assert bench.took == ["a"]


async def test_who_asks_while_it_goes_on_is_not_one_that_came(bench: Bench) -> None:
    one = bench.add("a", 2)
    go_on = one.go_on

    def ask_too(until: float) -> bool:
        bench.rounds.add(one, came=True)
        more: bool = go_on(until)
        return more

    one.go_on = ask_too
    bench.add("b", 2)
    assert await bench.done(4) == "abab"
    for _ in range(3):
        await asyncio.sleep(0)
    assert len(bench.took) == 4


async def test_turns_at_once_share_the_time_of_a_round_too(bench: Bench) -> None:
    rounds, clock = bench.rounds, bench.clock
    assert not rounds.is_over()
    assert rounds.until() == TURN_S
    clock.now = TURN_S / 2
    assert rounds.until() == TURN_S
    assert not rounds.is_over()
    clock.now = TURN_S
    assert rounds.is_over()
    assert rounds.until() == TURN_S + SHORT_TURN_S
    await asyncio.sleep(0)  # the next round
    assert not rounds.is_over()
    assert rounds.until() == 2 * TURN_S


# -- What Turns make of it -------------------------------------------------------------------------


class Much:
    """In place of a connection: has something to do for so many turns, each of a whole one."""

    def __init__(self, name: str, turns: int, bench: Bench) -> None:
        self.name = name
        self.turns = turns
        self.bench = bench

    def work(self, until: float) -> bool:
        assert until > self.bench.clock.now
        self.bench.took.append(self.name)
        self.bench.clock.now += TURN_S
        self.turns -= 1
        return self.turns > 0

    def abort_if_gone(self) -> bool:
        return False


async def test_clients_of_two_machines_take_turns(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    machines = [Turns(loop, bench.clock, bench.rounds) for _ in range(2)]
    for machine, name in zip(machines, "ab", strict=True):
        machine.run(cast("Connection", Much(name, 3, bench)))
    assert "".join(bench.took) == "ab"  # who comes is served at once
    # Those that came, a and b, and those that wait, a, have turns one after the other.
    assert await bench.done(6) == "abaabb"


async def test_who_waited_for_its_client_waits_for_its_turn_where_the_round_is_over(
    bench: Bench,
) -> None:
    turns = Turns(asyncio.get_running_loop(), bench.clock, bench.rounds)
    turns.resume(cast("Connection", Much("a", 1, bench)))
    assert bench.took == ["a"]
    turns.resume(cast("Connection", Much("b", 1, bench)))
    assert bench.took == ["a"]
    assert await bench.done(2) == "ab"
