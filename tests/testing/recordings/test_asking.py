from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from qmp_iothreadd.testing import Server
from qmp_iothreadd.testing.recordings import Entry, Recording, ask, asking, differences
from qmp_iothreadd.testing.recordings.addresses import Address
from qmp_iothreadd.testing.recordings.asking import connector
from qmp_iothreadd.testing.recordings.messages import Message
from tests.testing.recordings.conftest import RunningTap


def request(command: str, reply: object = None, *, client: int = 1, **more: object) -> Entry:
    answer = Message({"return": {} if reply is None else reply})
    return Entry(client, request=Message({"execute": command, **more}), reply=answer)


def test_a_recording_of_a_server_is_answered_as_it_was(tap: RunningTap) -> None:
    with tap.running(), tap.connect() as client, tap.connect() as other:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        client.execute("stop")
        other.negotiate()
        other.send(b"foo\n{'execute': 'query-iothreads'} [1]\n")
        for _ in range(3):
            other.receive_reply()
        other.half_close()
        assert other.receive_line() == b""
        client.execute("cont")
        client.execute("quit")
        assert client.receive_line() == b""
    recording = tap.recording
    counts: list[int] = []
    with Server(multi_client=True, allow_left_open=True) as again:
        answers = ask(recording, connector(Address(again.path)), counts.append)
    assert [str(each) for each in differences(recording, answers)] == []
    assert counts == sorted(counts)


def test_what_is_otherwise_is_found(server: Server) -> None:
    recording = Recording(
        [
            Entry(greeting=Message({"QMP": {}})),
            request("qmp_capabilities"),
            request("query-name", {"name": "other"}),
        ]
    )
    answers = ask(recording, connector(Address(server.path)))
    found = [each.path for each in differences(recording, answers)]
    assert "reply.return.name" in found


class Monitor:
    """Answers each connection with what it is given to say, and closes it where that ends."""

    def __init__(self, path: Path) -> None:
        self.address = Address(str(path))
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(5)

    def run(self, play: Callable[[socket.socket], None]) -> threading.Thread:
        def serve() -> None:
            with self.listener:
                connected, _ = self.listener.accept()
                with connected:
                    play(connected)

        thread = threading.Thread(target=serve)
        thread.start()
        return thread


def asked(tmp_path: Path, recording: Recording, play: Callable[[socket.socket], None]) -> Recording:
    monitor = Monitor(tmp_path / "m")
    thread = monitor.run(play)
    answers = ask(recording, connector(monitor.address))
    thread.join()
    return answers


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "REPLY_TIMEOUT_S", 0.05)
    monkeypatch.setattr(asking, "EVENT_TIMEOUT_S", 0.05)


def until_the_end(connected: socket.socket) -> None:
    while connected.recv(1000):
        pass


@pytest.mark.usefixtures("impatient")
def test_what_does_not_come_is_not_waited_for_without_end(tmp_path: Path) -> None:
    recording = Recording(
        [
            request("a"),
            request("b"),
            Entry(event=Message({"event": "STOP"})),
            Entry(closed="server"),
        ]
    )
    answers = asked(tmp_path, recording, until_the_end)
    assert [(each.command, each.reply, each.closed) for each in answers.entries] == [
        ("a", None, None),
        ("b", None, None),
        ("", None, "client"),
    ]


@pytest.mark.usefixtures("impatient")
def test_a_server_that_does_not_greet_is_asked_nothing(tmp_path: Path) -> None:
    recording = Recording([Entry(greeting=Message({"QMP": {}})), request("a")])
    answers = asked(tmp_path, recording, until_the_end)
    assert [each.closed for each in answers.entries] == ["client"]


def test_a_server_that_goes_away_is_seen_to(tmp_path: Path) -> None:
    def play(connected: socket.socket) -> None:
        connected.recv(1000)
        connected.sendall(b'{"return": {}}\r\n{"return": ')

    recording = Recording([request("a"), request("b"), request("c")])
    answers = asked(tmp_path, recording, play)
    assert answers.entries[0].reply == Message({"return": {}})
    assert answers.entries[-1].closed == "server"


def test_a_server_that_resets_the_connection_is_seen_to(tmp_path: Path) -> None:
    def play(connected: socket.socket) -> None:
        connected.recv(1)  # and leaves the rest unread

    answers = asked(tmp_path, Recording([request("a")]), play)
    assert answers.entries[-1].closed == "server"


def test_descriptors_are_sent_as_many_as_were(tmp_path: Path) -> None:
    counts: list[int] = []

    def play(connected: socket.socket) -> None:
        _, received, _, _ = socket.recv_fds(connected, 1000, 10)
        counts.append(len(received))
        for fd in received:
            socket.close(fd)
        connected.sendall(b'{"return": {}}\r\n')

    entry = request("getfd")
    entry.descriptors = 2
    asked(tmp_path, Recording([entry]), play)
    assert counts == [2]


def test_a_request_of_which_only_the_beginning_is_known_is_not_sent(tmp_path: Path) -> None:
    recording = Recording(
        [Entry(request=Message(None, b"{", 900)), request("a"), Entry(reply=Message({}))]
    )

    def play(connected: socket.socket) -> None:
        assert connected.recv(1000) == b'{"execute": "a"}\n'
        connected.sendall(b'{"return": {}}\r\n')

    answers = asked(tmp_path, recording, play)
    assert [each.command for each in answers.entries] == ["a", ""]


def test_a_server_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ask(Recording([request("a")]), connector(Address(str(tmp_path / "nobody"))))
