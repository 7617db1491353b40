"""A human monitor on a connection of its own, as bytes."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp import interpreter
from qmp_iothreadd.hmp.line_editor import History
from qmp_iothreadd.hmp.session import OUTPUT_LIMIT, HMPSession
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.qapi.load import load
from qmp_iothreadd.qapi.models import Models
from qmp_iothreadd.qapi.schema import Schema
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.qmp.session_protocol import IDLE
from tests.monitors import human_monitor

SCHEMA = Path(__file__).parents[2] / "schema" / "qapi-schema.json"
GREETING = b"QEMU 11.1.3 monitor - type 'help' for more information\r\n(qemu) "
QEMU = shutil.which("qemu-system-x86_64")


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load(str(SCHEMA))


@pytest.fixture
def machine(schema: Schema) -> Iterator[Machine]:
    machine = Machine(schema, Models(schema))
    yield machine
    machine.close()


@pytest.fixture
def session(machine: Machine) -> HMPSession:
    session = HMPSession(Dispatcher(machine), human_monitor(machine))
    session.data_to_send()
    return session


def answer(session: HMPSession, keys: bytes) -> bytes:
    """All that the terminal gets for some keys."""
    session.receive_data(keys)
    while session.step() is not IDLE:
        pass
    return session.data_to_send()


def printed(session: HMPSession, line: str) -> str:
    """What a command prints: the answer without echo and prompt."""
    shown = answer(session, line.encode() + b"\r")
    return shown.partition(b"\r\n")[2].removesuffix(b"(qemu) ").decode()


def test_greeting_is_there_before_anything_is_typed(machine: Machine) -> None:
    session = HMPSession(Dispatcher(machine), human_monitor(machine))
    assert session.output_size == len(GREETING)
    assert session.data_to_send() == GREETING
    assert session.output_size == 0


def test_a_command_is_echoed_and_run_and_the_prompt_comes_back(session: HMPSession) -> None:
    assert answer(session, b"p 7\r") == (
        b"p\x1b[K\x1b[Dp \x1b[K\x1b[D\x1b[Dp 7\x1b[K\r\n0x7\r\n(qemu) "
    )


def test_failures_are_text(session: HMPSession) -> None:
    assert printed(session, "nosuch") == "unknown command: 'nosuch'\r\n"
    assert printed(session, "object_del x") == "Error: object 'x' not found\r\n"


def test_bytes_that_are_no_text_come_back_as_they_were(session: HMPSession) -> None:
    assert b"unknown command: '\xff\xc3'\r\n" in answer(session, b"\xff\xc3\r")


def test_one_line_a_step(session: HMPSession) -> None:
    session.receive_data(b"p 1\rp 2\rp 3")
    assert session.suspended
    assert session.step() is None
    assert b"0x1\r\n(qemu) " in session.data_to_send()
    assert session.step() is None
    assert session.suspended
    assert session.step() is IDLE
    assert not session.suspended


def test_a_step_that_makes_much_output_ends_early(session: HMPSession) -> None:
    session.receive_data(b"x" * 2000)
    assert session.step() is None
    assert OUTPUT_LIMIT < session.output_size < 2 * OUTPUT_LIMIT
    assert session.suspended


def test_completion_knows_commands_and_objects(session: HMPSession) -> None:
    answer(session, b"object_add ioth\t\x7f,id=first\r")
    assert b"(child<iothread>)" in answer(session, b"qom-l\t/objects\r")
    assert answer(session, b"object_del f\t\r").endswith(b"object_del first \x1b[K\r\n(qemu) ")
    assert session.machine.iothreads() == []


def test_history_can_be_asked_for(session: HMPSession) -> None:
    answer(session, b"p 1\rp \xff\r")
    assert answer(session, b"info history\r").endswith(
        b"0: 'p 1'\r\n1: 'p \xff'\r\n2: 'info history'\r\n(qemu) "
    )


def test_history_is_the_monitors_not_the_connections(machine: Machine) -> None:
    history = History()
    for keys in (b"p 1\r", b"\x1b[A\r"):
        session = HMPSession(Dispatcher(machine), human_monitor(machine), history)
        assert answer(session, keys).endswith(b"0x1\r\n(qemu) ")
        session.close()


def test_events_are_not_shown(session: HMPSession) -> None:
    assert printed(session, "stop") == ""
    assert session.machine.status == "paused"


def test_quit_ends_it_without_a_prompt_and_what_follows_is_not_run(session: HMPSession) -> None:
    shown = answer(session, b"q\rstop\r")
    assert shown == b"q\x1b[K\r\n"
    assert session.machine.shutting_down
    assert session.machine.running


def test_a_human_monitor_keeps_itself(session: HMPSession) -> None:
    session.machine.tree.objects.add_child("compat_monitor0", session.monitor)
    assert printed(session, "object_del compat_monitor0") == (
        "Error: Deleting HMP monitors is not supported\r\n"
    )


def test_a_fault_of_ours_does_not_end_the_session(
    session: HMPSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(ctx: object, line: str) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(interpreter, "execute", broken)
    assert printed(session, "p 1") == "Error: internal error: ZeroDivisionError\r\n"
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.undo()
    assert printed(session, "p 1") == "0x1\r\n"


def test_closing_drops_what_is_left(session: HMPSession) -> None:
    session.receive_data(b"stop\r")
    session.receive_eof()
    assert session.eof
    session.close()
    assert session.step() is IDLE
    assert session.data_to_send() == b""
    assert session.machine.running


KEYS = st.lists(
    st.one_of(
        st.binary(max_size=6),
        st.sampled_from(
            [b"\r", b"\t", b"\x1b[A", b"p 1", b"info ", b"stop", b"object_", b"qom-list /", b'"']
        ),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(chunks=KEYS, cuts=st.lists(st.integers(0, 120)))
def test_any_keys_in_any_split_get_the_same_answer(
    schema: Schema, chunks: list[bytes], cuts: list[int]
) -> None:
    keys = b"".join(chunks)
    edges = [0, *sorted(cuts), len(keys)]
    splits = [[keys], [keys[a:b] for a, b in itertools.pairwise(edges)]]
    answers = []
    for pieces in splits:
        machine = Machine(schema, Models(schema))
        with contextlib.closing(machine):
            session = HMPSession(Dispatcher(machine), human_monitor(machine))
            answers.append(b"".join([answer(session, piece) for piece in pieces]))
    assert answers[0] == answers[1]


def test_there_are_no_capabilities_to_negotiate(session: HMPSession) -> None:
    with pytest.raises(QmpError, match="Capabilities negotiation is already complete"):
        session.negotiate([])
    assert not session.running  # its commands never take their time


# -- Side by side with QEMU, where there is one ---------------------------------------------------

# A command whose answer no echo of keys has in it: a prompt alone may be one that is drawn again.
END, END_SHOWN = b"print 424090\r", b"\r\n0x6789a\r\n(qemu) "


@pytest.fixture(scope="module")
def qemu() -> Iterator[Callable[[bytes], bytes]]:
    """Sends keys and then END to the human monitor of a QEMU, returns all that it shows."""
    if QEMU is None:
        pytest.skip("no qemu-system-x86_64 here")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [
                *(QEMU, "-M", "none", "-nodefaults", "-nographic", "-object", "iothread,id=io0"),
                *("-chardev", f"socket,id=c,fd={theirs.fileno()}", "-mon", "c,mode=readline"),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
        theirs.close()

        def send(keys: bytes) -> bytes:
            ours.sendall(keys + END)
            shown = b""
            while not shown.endswith(END_SHOWN):
                if not select.select([ours], [], [], 10)[0]:
                    raise AssertionError(f"no end after {keys!r}, only {shown!r}")
                shown += ours.recv(1 << 16)
            return shown

        send(b"")  # the greeting
        yield send
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "keys",
    [
        b"print 1",
        b"nosuch\x08\x7fx\x01y\x05z",
        b"foo bar  baz\x17\x17",
        b"abc\x1b[D\x1b[D\x1b[3~\x1b[1~z\x1b[4~y\x1bOHq\x1bOFw",
        b"\xc3\xa9\xff\x9bD\x00a",
        b"abc\x1b[D\x0cx",
        b"\x1b[A\x1b[A\x1b[By",
        b"object_del i\tx",
        b"system_\tr\t\x1b[D\x04x",
        b'object_del "a\\x"',
        b"p/z",
        b"info  nosuch",
    ],
)
def test_the_terminal_gets_what_qemu_sends(
    session: HMPSession, qemu: Callable[[bytes], bytes], keys: bytes
) -> None:
    answer(session, b"object_add iothread,id=io0\rone\rtwo\r" + END)
    qemu(b"one\rtwo\r")
    assert answer(session, keys + b"\r" + END) == qemu(keys + b"\r")


def test_a_line_is_left_where_another_gets_the_keys(session: HMPSession, machine: Machine) -> None:
    answer(session, b"nosuch")
    session.focus_changed(focused=False)
    assert session.data_to_send() == b"\r\n"
    session.focus_changed(focused=True)
    assert session.data_to_send() == b"(qemu) "
    assert b"unknown" not in answer(session, b"stop\r")
    assert not session.running
    assert machine.status == "paused"


def test_descriptors_are_those_of_this_monitor(session: HMPSession) -> None:
    said = answer(session, b"migrate -d fd:x\r")
    assert b"Error: File descriptor named 'x' has not been found\r\n" in said


def test_keys_are_not_read_ahead(session: HMPSession, machine: Machine) -> None:
    session.receive_data(b"stop\r")
    assert not session.fill()
    assert (session.data_to_send(), machine.status) == (b"", "running")
    assert answer(session, b"").startswith(b"s")
    assert machine.status == "paused"
