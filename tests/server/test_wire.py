"""Steps of a script on their way out, on a loop whose time is told: what is sent, and when."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import pytest

from qmp_iothreadd.scripting.steps import Gate
from qmp_iothreadd.server.wire import AT_ONCE, BACKLOG_LIMIT, Wire


class Timer:
    def __init__(self, when: float, number: int, callback: Callable[[], None]) -> None:
        self.order = (when, number)
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """Its time passes when it is told."""

    def __init__(self) -> None:
        self.now = 0.0
        self._numbers = count()
        self._timers: list[Timer] = []

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self._timers.append(Timer(self.now + seconds, next(self._numbers), callback))
        return self._timers[-1]

    def call_soon(self, callback: Callable[[], None]) -> Timer:
        return self.call_later(0.0, callback)

    @property
    def pending(self) -> int:
        return sum(not timer.cancelled for timer in self._timers)

    def pass_time(self, seconds: float = 0.0) -> None:
        """Call what is due by then, and what that asks for."""
        self.now += seconds
        while due := [each for each in self._timers if each.order[0] <= self.now]:
            timer = min(due, key=lambda each: each.order)
            self._timers.remove(timer)
            if not timer.cancelled:
                timer.callback()


class Transport:
    """Notes what is written; ``sock`` is what it says that it has."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.ended: list[str] = []
        self.sock: Any = None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended.append("close")

    def abort(self) -> None:
        self.ended.append("abort")

    def get_extra_info(self, name: str) -> Any:
        assert name == "socket"
        return self.sock


class Carrier:
    """Notes why it is to wait, and what else it is told."""

    def __init__(self) -> None:
        self.blocked: set[str] = set()
        self.told: list[str] = []

    def block(self, reason: str) -> None:
        self.blocked.add(reason)

    def unblock(self, reason: str) -> None:
        self.blocked.discard(reason)

    def run(self) -> None:
        self.told.append("run")

    def wire_done(self) -> None:
        self.told.append("done")

    def end(self) -> None:
        self.told.append("end")


class Bench:
    def __init__(self) -> None:
        self.loop, self.transport, self.carrier = Loop(), Transport(), Carrier()
        self.wire = Wire(
            cast(asyncio.AbstractEventLoop, self.loop),
            cast(asyncio.Transport, self.transport),
            self.carrier,
        )

    def sent(self) -> list[bytes]:
        """What was written since the last look."""
        written, self.transport.written = self.transport.written, []
        return written

    @property
    def done(self) -> bool:
        return "done" in self.carrier.told


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_messages_go_out_in_order_and_that_is_all(bench: Bench) -> None:
    bench.wire.add([b"1", b"2"])
    assert bench.sent() == [b"1", b"2"]
    assert (bench.wire.backlog, bench.carrier.told) == (0, ["done"])


def test_a_pause_holds_up_what_is_behind_it(bench: Bench) -> None:
    bench.wire.add([b"1", lambda wire: wire.pause(2), b"2"])
    bench.wire.add([b"3"])
    bench.loop.pass_time(1)
    assert bench.sent() == [b"1"]
    assert (bench.wire.backlog, bench.done) == (2, False)
    bench.loop.pass_time(1)
    assert bench.sent() == [b"2", b"3"]
    assert (bench.wire.backlog, bench.done) == (0, True)


def test_a_gate_holds_until_it_opens(bench: Bench, gate: Gate) -> None:
    ticket = gate.ticket()
    bench.wire.add([lambda wire: wire.hold(gate, ticket), b"1"])
    assert (bench.sent(), bench.wire.silent, len(gate)) == ([], True, 1)
    gate.open()
    assert (bench.sent(), bench.wire.silent, len(gate)) == ([b"1"], False, 0)
    assert bench.done


def test_a_gate_that_opened_before_its_step_came_holds_nothing(bench: Bench, gate: Gate) -> None:
    ticket = gate.ticket()
    gate.open()
    bench.wire.add(
        [
            lambda wire: wire.hold(gate, ticket),
            lambda wire: wire.mute(gate, ticket),
            lambda wire: wire.stop_reading(gate, ticket, None),
            b"1",
        ]
    )
    assert (bench.sent(), bench.done, bench.wire.told_not_to_read) == ([b"1"], True, False)


def test_who_is_mute_loses_what_it_says(bench: Bench, gate: Gate) -> None:
    bench.wire.add([lambda wire: wire.mute(gate, 0), b"1"])
    assert (bench.sent(), bench.done) == ([], False)
    gate.open()
    bench.wire.add([b"2"])
    assert (bench.sent(), bench.done) == ([b"2"], True)


@pytest.mark.parametrize("opened", [True, False], ids=["released", "in its time"])
def test_nothing_is_read_for_a_time_or_until_release(
    bench: Bench, gate: Gate, opened: bool
) -> None:
    bench.wire.add([lambda wire: wire.stop_reading(gate, 0, 5), b"1"])
    assert (bench.sent(), bench.carrier.blocked, bench.done) == ([b"1"], {"told"}, False)
    assert bench.wire.told_not_to_read
    if opened:
        gate.open()
    else:
        bench.loop.pass_time(5)
    assert (bench.carrier.blocked, bench.done, len(gate)) == (set(), True, 0)
    assert (bench.wire.told_not_to_read, bench.loop.pending) == (False, 0)


def test_the_last_word_says_how_long_nothing_is_read(bench: Bench, gate: Gate) -> None:
    bench.wire.add([lambda wire: wire.stop_reading(gate, 0, 5)])
    bench.wire.add([lambda wire: wire.stop_reading(gate, 0, 9)])
    bench.loop.pass_time(5)
    assert bench.carrier.blocked == {"told"}
    bench.loop.pass_time(4)
    assert (bench.carrier.blocked, bench.loop.pending, len(gate)) == (set(), 0, 0)


def test_nothing_is_read_for_ever(bench: Bench, gate: Gate) -> None:
    bench.wire.add([lambda wire: wire.stop_reading(gate, 0, None)])
    assert (bench.loop.pending, bench.carrier.blocked) == (0, {"told"})


def test_messages_are_gathered_into_one_write(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.gather(3, 1.0), b"1", b"2"])
    assert (bench.sent(), bench.done) == ([], False)
    bench.wire.add([b"3", b"4"])
    assert (bench.sent(), bench.done, bench.loop.pending) == ([b"123", b"4"], True, 0)


def test_what_was_gathered_in_time_goes_out(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.gather(3, 1.0), b"1"])
    bench.wire.add([lambda wire: wire.gather(2, 9.0), b"2"])  # more of the same changes nothing
    bench.loop.pass_time(1)
    assert (bench.sent(), bench.done) == ([b"12"], True)


def test_a_message_goes_behind_others(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.send_behind(b"late", 2), b"1"])
    assert (bench.sent(), bench.done) == ([b"1"], False)
    bench.wire.add([b"2", b"3"])
    assert (bench.sent(), bench.done) == ([b"2", b"late", b"3"], True)


def test_what_goes_behind_others_goes_when_there_are_none(bench: Bench, gate: Gate) -> None:
    bench.wire.add([lambda wire: wire.send_behind(b"3", 2), lambda wire: wire.hold(gate, 0), b"1"])
    bench.wire.finish()
    assert bench.sent() == []
    gate.open()
    assert (bench.sent(), bench.done) == ([b"1", b"3"], True)


def test_pieces_are_one_message(bench: Bench) -> None:
    pieces = iter([b"1", b"2", b"3"])
    bench.wire.add([lambda wire: wire.send_behind(b"late", 1)])
    bench.wire.add([lambda wire: wire.pour(pieces, 1.0), b"4"])
    assert bench.sent() == [b"1"]
    bench.loop.pass_time(1)
    assert bench.sent() == [b"2"]
    bench.loop.pass_time(1)
    bench.loop.pass_time(1)
    assert (bench.sent(), bench.done) == ([b"3", b"late", b"4"], True)


def test_no_more_is_poured_at_once_than_others_can_wait_for(bench: Bench) -> None:
    piece = b"x" * (AT_ONCE // 4)
    bench.wire.add([lambda wire: wire.pour(iter([piece] * 9))])
    assert len(bench.sent()) == 4
    bench.loop.pass_time()
    assert (len(bench.sent()), bench.done) == (5, True)


def test_what_waits_for_its_turn_is_bounded(bench: Bench, gate: Gate) -> None:
    bench.wire.add([lambda wire: wire.hold(gate, 0), b"x" * BACKLOG_LIMIT])
    assert bench.carrier.blocked == set()
    bench.wire.add([b"y"])
    assert bench.carrier.blocked == {"wire"}
    gate.open()
    assert (bench.carrier.blocked, bench.done) == (set(), True)


def test_a_client_that_does_not_read_holds_all_up(bench: Bench) -> None:
    bench.wire.client_waits(True)
    bench.wire.add([b"1"])
    assert (bench.sent(), bench.wire.backlog) == ([], 1)
    bench.wire.client_waits(False)
    assert (bench.sent(), bench.done) == ([b"1"], True)


def test_the_connection_is_cut_after_what_was_sent(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.gather(9, 9.0), b"1", lambda wire: wire.cut(), b"2"])
    assert (bench.sent(), bench.transport.ended) == ([b"1"], ["close"])
    assert (bench.carrier.told, bench.loop.pending) == (["end"], 0)
    bench.wire.add([b"3"])
    assert bench.sent() == []


def test_a_reset_is_one_where_there_is_a_socket_that_can(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        bench.transport.sock, _ = listener.accept()
        with client, bench.transport.sock as sock:
            bench.wire.add([lambda wire: wire.gather(9, 9.0), b"1", lambda wire: wire.reset()])
            lingers = sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
    assert struct.unpack("ii", lingers) == (1, 0)
    assert (bench.sent(), bench.transport.ended) == ([], ["abort"])
    assert (bench.carrier.told, bench.loop.pending) == (["end"], 0)


def test_a_reset_without_a_socket_just_ends(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.reset()])
    assert bench.transport.ended == ["abort"]


def test_a_transport_that_is_closing_gets_nothing(bench: Bench) -> None:
    bench.transport.ended.append("close")
    bench.wire.add([b"1"])
    assert bench.sent() == []


def test_the_session_goes_on_soon(bench: Bench) -> None:
    bench.wire.add([lambda wire: wire.run_session()])
    assert "run" not in bench.carrier.told
    bench.loop.pass_time()
    assert "run" in bench.carrier.told


def test_what_a_connection_waited_for_ends_with_it(bench: Bench, gate: Gate) -> None:
    bench.wire.add(
        [
            lambda wire: wire.mute(gate, 0),
            lambda wire: wire.stop_reading(gate, 0, 5),
            lambda wire: wire.gather(2, 5),
            lambda wire: wire.send_behind(b"late", 1),
            lambda wire: wire.hold(gate, 0),
            b"1",
        ]
    )
    assert (len(gate), bench.loop.pending) == (3, 2)
    bench.wire.close()
    assert (len(gate), bench.loop.pending) == (0, 0)
    gate.open()
    bench.loop.pass_time(9)
    assert bench.sent() == []
