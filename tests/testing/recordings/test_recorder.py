from __future__ import annotations

import pytest

from qmp_iothreadd.testing.recordings import recorder
from qmp_iothreadd.testing.recordings.format import Entry
from qmp_iothreadd.testing.recordings.messages import Message, Value
from qmp_iothreadd.testing.recordings.recorder import ConnectionRecorder


@pytest.fixture
def entries() -> list[Entry]:
    return []


@pytest.fixture
def connection(entries: list[Entry]) -> ConnectionRecorder:
    return ConnectionRecorder(3, entries.append)


def request(name: str, **members: object) -> Message:
    return Message({"execute": name, **members})


def test_a_reply_finds_its_request_by_id_or_by_order(
    connection: ConnectionRecorder, entries: list[Entry]
) -> None:
    for time, asked in enumerate([request("a"), request("b", id=1), request("c", id=[2])]):
        connection.request(asked, time)
    for answer in ({"return": 2, "id": [2]}, {"return": 0}, {"error": {}, "id": 1}):
        connection.answer(Message(answer), 10)
    assert [(each.command, each.time, each.took) for each in entries] == [
        ("c", 2, 8),
        ("a", 0, 10),
        ("b", 1, 9),
    ]
    assert not connection.waiting


def test_what_comes_unasked_is_kept_by_its_kind(
    connection: ConnectionRecorder, entries: list[Entry]
) -> None:
    values: list[Value] = [{"QMP": {}}, {"event": "STOP"}, {"return": {}}, {"return": {}, "id": 7}]
    for value in values:
        connection.answer(Message(value), 1)
    assert [[name for name, _ in each.messages()] for each in entries] == [
        ["greeting"],
        ["event"],
        ["reply"],
        ["reply"],
    ]


def test_the_end_keeps_what_is_incomplete(
    connection: ConnectionRecorder, entries: list[Entry]
) -> None:
    connection.request(request("a"), 1)
    connection.request(request("b"), 1)
    connection.of_client.feed(b'{"execute"')
    connection.of_server.feed(b'{"return": ')
    assert connection.of_client.take() is None
    connection.closed("client", 2)
    assert [(each.command, each.closed) for each in entries] == [
        ("a", None),
        ("b", None),
        ("", None),
        ("", "client"),
    ]
    assert entries[0].reply == Message(None, b'{"return": ')
    assert entries[2].request == Message(None, b'{"execute"')
    assert {each.client for each in entries} == {3}


def test_garbage_that_nobody_asked_for_is_an_answer_without_a_request(
    connection: ConnectionRecorder, entries: list[Entry]
) -> None:
    connection.answer(Message(None, b"garbage"), 1)
    assert (entries[0].request, entries[0].reply) == (None, Message(None, b"garbage"))


def test_requests_that_nobody_answers_are_forgotten_in_time(
    connection: ConnectionRecorder, entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "UNANSWERED_MAX", 2)
    for number in range(3):
        connection.request(request("a", id=number), number)
    assert [each.time for each in entries] == [0]
    assert connection.waiting == 2


def test_descriptors_belong_to_the_next_request(
    connection: ConnectionRecorder, entries: list[Entry]
) -> None:
    connection.add_descriptors(1)
    connection.add_descriptors(1)
    connection.request(request("getfd"), 1)
    connection.request(request("a"), 1)
    connection.closed("tap", 2)
    assert [each.descriptors for each in entries] == [2, 0, 0]
