from __future__ import annotations

import json

import pytest

from qmp_iothreadd.json.writer import message
from qmp_iothreadd.testing.recordings import messages
from qmp_iothreadd.testing.recordings.messages import Message, MessageStream, qemu_spelling


def read(data: bytes, *, of_server: bool = False, size: int = 1 << 20) -> list[Message]:
    stream = MessageStream(of_server=of_server)
    found = []
    for start in range(0, len(data), size):
        stream.feed(data[start : start + size])
        while stream.pending:
            taken = stream.take()
            if taken is not None:
                found.append(taken)
    rest = stream.rest()
    return found if rest is None else [*found, rest]


@pytest.mark.parametrize(
    "data",
    [
        b'{"execute": "stop"}',
        b'{"execute":"stop"}\n',
        b'{"execute": "stop"}\r\n',
        '{"execute":"é"}\n'.encode(),
        b'{"execute": "\\u00e9"}\n',
    ],
)
def test_what_common_clients_write_is_plain(data: bytes) -> None:
    assert read(data) == [Message(json.loads(data))]


@pytest.mark.parametrize(
    "data",
    [
        b"{'execute': 'stop'}\n",
        b'{ "execute": "stop" }',
        b'{"execute":"a",\n"id":1.50} ',
        b'\n{"execute": "stop"}',
        b'{"execute": "stop"}\n\n',
    ],
)
def test_any_other_spelling_is_kept(data: bytes) -> None:
    (found,) = read(data)
    assert found.raw == data
    assert found.value is not None
    assert found.sent_by_client() == data


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_all_bytes_are_in_one_message_or_another(size: int) -> None:
    data = b"foo {'execute': 'x'} [1] \xff\xfe {\"a\": 01}\n\t{ 'b'"
    found = read(data, size=size)
    assert b"".join(each.raw or b"" for each in found) == data
    assert [each.error is None for each in found[:3]] == [False, True, True]


@pytest.mark.parametrize(
    "value",
    [
        {"return": {}},
        {"return": 'é\x7f\\u00e9\\"😀'},
        {"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}},
    ],
)
def test_plain_messages_of_a_server_are_as_qemu_writes_them(value: dict[str, object]) -> None:
    data = message(value)
    (found,) = read(data, of_server=True)
    assert found == Message(json.loads(data))
    assert found.sent_by_server() == data


@pytest.mark.parametrize("data", [b'{"return": 0.10000000000000001}\r\n', b'{"return":{}}\n'])
def test_other_messages_of_a_server_are_kept(data: bytes) -> None:
    (found,) = read(data, of_server=True)
    assert (found.raw, found.sent_by_server()) == (data, data)


def test_what_json_does_not_have_is_no_plain_value() -> None:
    for data in (b'{"id": 1e400}', b'{"id": %b}' % (b"[" * 1000 + b"]" * 1000)):
        assert read(data)[0].raw == data


@pytest.mark.parametrize("inner", [b"[" * 150 + b"]" * 150, b"[%b[]]" % (b"[], " * 300)])
def test_what_each_python_reads_is_plain(inner: bytes) -> None:
    assert read(b'{"id": %b}' % inner)[0].raw is None


def test_plain_messages_can_be_made_again() -> None:
    assert Message({"execute": "a"}).sent_by_client() == b'{"execute": "a"}\n'
    assert qemu_spelling({"return": "\u00e9"}) == b'{"return": "\\u00E9"}\r\n'


@pytest.mark.parametrize("size", [7, 1000])
def test_of_a_long_message_only_the_beginning_is_kept(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "KEPT_MAX", 100)
    monkeypatch.setattr(messages, "CUT_SIZE", 20)
    data = b'{"execute": "a", "id": "%b"}' % (b"x" * 300)
    found = read(data + b'{"execute": "b"}' + data[:-10], size=size)
    assert [(each.size, (each.raw or b"")[:11]) for each in found] == [
        (len(data), b'{"execute":'),
        (None, b""),
        (len(data) - 10, b'{"execute":'),
    ]
    assert found[0].value == json.loads(data)  # for the reply to find its request


def test_space_at_the_end_is_no_message() -> None:
    assert read(b" \n") == []
