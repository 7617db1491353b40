"""A human monitor that edits no lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmp_iothreadd.hmp.plain_session import PlainSession
from qmp_iothreadd.qmp.session_protocol import IDLE
from qmp_iothreadd.testing import MemoryClient

GREETING = b"QEMU 11.1.3 monitor - type 'help' for more information\r\n"


@pytest.fixture
def session() -> Iterator[PlainSession]:
    with MemoryClient() as client:
        yield PlainSession(client.dispatcher, client.session.monitor)


def answer(session: PlainSession, data: bytes) -> bytes:
    session.receive_data(data)
    assert session.suspended
    assert session.step() is None
    assert session.step() is IDLE
    assert not session.suspended
    assert session.output_size
    return session.data_to_send()


def test_it_greets_without_a_prompt(session: PlainSession) -> None:
    assert session.data_to_send() == GREETING
    assert session.output_size == 0
    assert session.step() is IDLE


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"p 7\0", b"0x7\r\n"),
        (b"p 7\0p 8\0", b"0x7\r\n"),  # as far as C reads it
        (b"nope\0", b"unknown command: 'nope'\r\n"),
        (b"p 7", b"corrupted command\r\n"),
        (b"p 7\r", b"corrupted command\r\n"),
        (b"p 7\0p 8", b"corrupted command\r\n"),
        (b"object_del nope\0", b"Error: object 'nope' not found\r\n"),
    ],
)
def test_what_is_read_at_once_is_a_command(
    session: PlainSession, data: bytes, shown: bytes
) -> None:
    session.data_to_send()
    assert answer(session, data) == shown


def test_after_quit_nothing_more_is_run(session: PlainSession) -> None:
    session.data_to_send()
    session.receive_data(b"quit\0")
    session.receive_data(b"p 7\0")
    assert session.step() is None
    assert session.step() is IDLE
    assert session.data_to_send() == b""


def test_a_connection_that_is_gone_leaves_nothing(session: PlainSession) -> None:
    session.receive_data(b"p 7\0")
    session.receive_eof()
    session.close()
    assert (session.eof, session.step(), session.data_to_send()) == (True, IDLE, b"")


def test_it_ends_its_line_when_a_mux_turns_to_another(session: PlainSession) -> None:
    session.data_to_send()
    session.focus_changed(True)
    assert session.output_size == 0
    session.focus_changed(False)
    assert session.data_to_send() == b"\r\n"
