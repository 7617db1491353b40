from __future__ import annotations

import json
from typing import Any

import pytest

from qmp_iothreadd.testing.recordings.format import Entry, Recording
from qmp_iothreadd.testing.recordings.messages import Message, MessageStream
from qmp_iothreadd.testing.recordings.player import PlayedConnection, Player, Step


def exchange(
    command: str, reply: Any, *, time: float = 0, took: float = 0, **arguments: Any
) -> Entry:
    request = {"execute": command, **({"arguments": arguments} if arguments else {})}
    return Entry(request=Message(request), reply=Message(reply), time=time, took=took)


def event(name: str, time: float) -> Entry:
    return Entry(event=Message({"event": name}), time=time)


def connect(*entries: Entry, exact: bool = False) -> PlayedConnection:
    return Player(Recording([*entries]), exact=exact).connect()


def message(request: str | dict[str, Any]) -> Message:
    stream = MessageStream(of_server=False)
    stream.feed((request if isinstance(request, str) else json.dumps(request)).encode() + b" ")
    taken = stream.take()
    assert taken is not None
    return taken


def values(steps: list[Step]) -> list[Any]:
    return [None if step.data is None else json.loads(step.data) for step in steps]


def ask(played: PlayedConnection, command: str, **arguments: Any) -> Any:
    request = {"execute": command, **({"arguments": arguments} if arguments else {})}
    (reply,) = values(played.answer(message(request)))
    return reply.get("return", reply.get("error"))


def test_the_answers_of_a_command_come_in_their_order_and_the_last_again() -> None:
    played = connect(exchange("q", {"return": 1}), exchange("q", {"return": 2}))
    assert [ask(played, "q") for _ in range(3)] == [1, 2, 2]


def test_arguments_choose_the_answer() -> None:
    recorded = [exchange("q", {"return": n}, id=n) for n in (1, 2)]
    played = connect(*recorded)
    assert ask(played, "q", id=2) == 2
    assert ask(played, "q", id="made up") == 1  # the next that nobody had
    assert ask(played, "q", id="another") == {
        "class": "GenericError",
        "desc": "The recording has no 'q' with these arguments",
    }
    assert ask(connect(*recorded, exact=True), "q", id=3)["class"] == "GenericError"


def test_the_order_of_arguments_and_empty_ones_say_nothing() -> None:
    played = connect(exchange("q", {"return": 1}, a=1, b=2), exchange("r", {"return": 2}))
    assert ask(played, "q", b=2, a=1) == 1
    (reply,) = values(played.answer(message({"execute": "r", "arguments": {}})))
    assert reply == {"return": 2}


def test_a_reply_has_the_id_of_todays_request() -> None:
    recorded = Entry(
        request=Message({"execute": "q", "id": 1}), reply=Message({"return": 1, "id": 1})
    )
    ids: list[dict[str, Any]] = [{}, {"id": 1}, {"id": {"x": []}}]
    for asked in ids:
        reply = values(connect(recorded).answer(message({"execute": "q", **asked})))[0]
        assert reply == {"return": 1, **asked}


def test_bytes_that_were_not_plain_come_as_they_were() -> None:
    played = connect(
        Entry(request=Message({"execute": "q"}), reply=Message({"return": 1}, b"{'return':1}")),
        Entry(request=Message(None, b"foo "), reply=Message(None, b"{oops")),
    )
    (step,) = played.answer(message({"execute": "q"}))
    assert step.data == b"{'return':1}"
    (step,) = played.answer(message("foo"))
    assert step.data == b"{oops"


def test_what_was_not_recorded_is_refused_in_qemus_words() -> None:
    played = connect(exchange("q", {"return": 1}))
    assert ask(played, "r") == {
        "class": "CommandNotFound",
        "desc": "The command r has not been found",
    }
    assert ask(played, "qmp_capabilities") == {}
    for text, words in {
        "bar": "JSON parse error, invalid keyword 'bar'",
        "[1]": "QMP input must be a JSON object",
        '{"id": 1}': "QMP input lacks member 'execute'",
    }.items():
        (reply,) = values(played.answer(message(text)))
        assert words in reply["error"]["desc"]


def test_a_reply_of_which_only_the_beginning_is_known_is_an_error() -> None:
    played = connect(Entry(request=Message({"execute": "q"}), reply=Message(None, b"{", 9999)))
    assert "beginning of this reply of 9999 bytes" in ask(played, "q")["desc"]


def test_very_deep_requests_are_known_by_their_bytes() -> None:
    deep = '{"execute": "q", "arguments": {"a": ' + "[" * 1000 + "]" * 1000 + "}}"
    played = connect(Entry(request=message(deep), reply=Message({"return": 1})))
    assert values(played.answer(message(deep))) == [{"return": 1}]


def test_events_come_where_they_came_with_the_times_between() -> None:
    played = connect(
        Entry(greeting=Message({"QMP": {}}), time=1),
        event("EARLY", 1.5),
        event("BEFORE", 2.25),
        exchange("stop", {"return": {}}, time=2, took=0.5),
        event("AFTER", 3),
        event("LATER", 4),
        exchange("quit", {"return": {}}, time=5, took=0.25),
        Entry(closed="server", time=6),
    )
    opening = played.opening()
    assert values(opening) == [{"QMP": {}}, {"event": "EARLY"}]
    assert [step.delay for step in opening] == [0, 0.5]
    steps = played.answer(message({"execute": "stop"}))
    assert values(steps) == [
        {"event": "BEFORE"},
        {"return": {}},
        {"event": "AFTER"},
        {"event": "LATER"},
    ]
    assert [step.delay for step in steps] == [0.25, 0.25, 0.5, 1]
    assert values(played.answer(message({"execute": "quit"}))) == [{"return": {}}, None]


def test_an_exchange_without_a_reply_is_silence() -> None:
    assert connect(Entry(request=Message({"execute": "q"}))).answer(message({"execute": "q"})) == []


def test_a_reply_that_nobody_asked_for_is_no_answer() -> None:
    stray = Entry(reply=Message({"return": 1}))
    assert ask(connect(stray, exchange("q", {"return": 2})), "q") == 2


def test_a_connection_that_was_only_closed_is_closed() -> None:
    assert values(connect(Entry(closed="server")).opening()) == [None]


def test_each_client_gets_what_the_one_of_its_number_got() -> None:
    recording = Recording(
        [exchange("q", {"return": 1}), Entry(2, Message({"QMP": {}})), Entry(closed="client")]
    )
    player = Player(recording)
    assert ask(player.connect(), "q") == 1
    for _ in range(2):
        assert values(player.connect().opening()) == [{"QMP": {}}]


def test_an_empty_recording_cannot_be_played() -> None:
    with pytest.raises(ValueError, match="the recording is empty"):
        Player(Recording())
