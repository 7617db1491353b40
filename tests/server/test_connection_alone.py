"""A connection without a peer: what bounds turns, output, and events that nobody reads."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast

import pytest

from qmp_iothreadd.qmp.session_protocol import IDLE, MonitorSession
from qmp_iothreadd.server.connection import OUTPUT_PIECE, UNREAD_EVENTS_LIMIT, Connection
from qmp_iothreadd.server.turns import TURN_S, Turns
from qmp_iothreadd.testing import Server
from tests.waiting import wait_until_async


class Transport(asyncio.Transport):
    """Notes what it is asked to do; ``unread`` bytes wait for the peer."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.aborted = False
        self.unread = 0

    def write(self, data: Any) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def get_write_buffer_size(self) -> int:
        return self.unread

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass


class Session:
    """Has something to do for ever, and makes ``piece`` of output each time that it does."""

    suspended = eof = running = False

    def __init__(self, piece: bytes = b"") -> None:
        self.piece = piece
        self.plan: list[bytes] | None = None
        self.steps = 0
        self.output: list[bytes] = []
        self.idle_after = 1 << 30
        self.wake: Callable[[], None] = lambda: None

    @property
    def output_size(self) -> int:
        return sum(map(len, self.output))

    @output_size.setter
    def output_size(self, size: int) -> None:
        assert size == 0
        self.output.clear()

    def data_to_send(self) -> bytes:
        data, self.output = b"".join(self.output), []
        return data

    def step(self) -> object:
        self.steps += 1
        self.output.append(self.piece)
        return IDLE if self.steps >= self.idle_after else None

    def fill(self) -> bool:
        return self.step() is not IDLE


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture
def turns(loop: asyncio.AbstractEventLoop) -> Turns:
    """A turn of these is over at the second look at the clock."""
    seconds = count()
    return Turns(loop, lambda: next(seconds) * TURN_S)


def connect(turns: Turns, session: Session, **told: Any) -> tuple[Connection, Transport]:
    made, transport = Connection(turns, cast(MonitorSession, session), **told), Transport()
    made.connection_made(transport)
    return made, transport


def test_who_waits_for_the_next_turn_gets_no_other(turns: Turns) -> None:
    session = Session()
    made, _ = connect(turns, session)
    turns.run(made)
    assert session.steps == 1
    turns.run(made)
    assert session.steps == 1


def test_that_a_client_sends_nothing_more_is_passed_on(turns: Turns) -> None:
    said: list[str] = []
    made, _ = connect(turns, Session(), on_input_ended=lambda: said.append("ended"))
    made.input_ended()
    assert said == ["ended"]


def test_nothing_is_read_ahead_of_who_is_gone(turns: Turns) -> None:
    session = Session()
    made, _ = connect(turns, session)
    made._transport = None
    assert made.fill(until=1e9) is False
    assert made.work(until=1e9) is False
    assert session.steps == 0


@pytest.mark.parametrize("way", ["fill", "work"])
def test_much_output_is_written_in_pieces(turns: Turns, way: str) -> None:
    session = Session(b"x" * (OUTPUT_PIECE // 2))
    session.idle_after = 7
    made, transport = connect(turns, session)
    assert getattr(made, way)(until=1e9) is False
    assert len(transport.written) == 3
    assert sum(map(len, transport.written)) == 7 * OUTPUT_PIECE // 2


@pytest.mark.parametrize("more", [0, 1])
def test_a_client_that_leaves_events_unread_is_cut_off(turns: Turns, more: int) -> None:
    session = Session()
    made, transport = connect(turns, session)
    made.pause_writing()
    transport.unread = UNREAD_EVENTS_LIMIT + more
    session.wake()
    assert transport.aborted is bool(more)


def test_who_is_gone_needs_no_end(turns: Turns) -> None:
    made, transport = connect(turns, Session())
    made._transport = None
    made.close()
    assert not transport.is_closing()


def test_a_script_waits_for_a_client_that_does_not_read(turns: Turns) -> None:
    session = Session()
    made, transport = connect(turns, session)
    made.pause_writing()
    session.plan, session.output = [b"scripted"], [b"?"]
    session.wake()
    assert transport.written == []
    made.resume_writing()
    assert transport.written == [b"scripted"]


async def test_what_a_client_leaves_is_freed_when_it_goes() -> None:
    """No cycle keeps it until a collection, of which there may be none for thousands of clients."""
    async with Server() as server:
        gc.collect()
        gc.disable()
        try:
            for request in ({"execute": "query-status"}, {"execute": "nope"}):
                reader, writer = await asyncio.open_unix_connection(server.path)
                for message in ({"execute": "qmp_capabilities"}, request):
                    await reader.readline()
                    writer.write(json.dumps(message).encode())
                await reader.readline()
                (session,) = server.machine.sessions
                left = weakref.finalize(session._reader, lambda: None)
                del session
                writer.close()
                await wait_until_async(lambda: not server.machine.sessions)
                await wait_until_async(lambda: not left.alive)  # noqa: B023
        finally:
            gc.enable()
