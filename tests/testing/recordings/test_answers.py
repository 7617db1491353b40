"""A server whose gaps a recording fills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.testing import Client, Server
from qmp_iothreadd.testing.recordings import Entry, Recording, RecordingError, write_recording
from qmp_iothreadd.testing.recordings.messages import Message


def exchange(
    command: str,
    reply: dict[str, Any] | None,
    *,
    time: float = 0,
    took: float = 0,
    **arguments: Any,
) -> Entry:
    request = {"execute": command, "arguments": arguments}
    answer = None if reply is None else Message(reply)
    return Entry(request=Message(request), reply=answer, time=time, took=took)


def event(name: str, time: float) -> Entry:
    return Entry(event=Message({"event": name, "data": {"x-y": 1}}), time=time)


RECORDING = Recording(
    [
        exchange("query-name", {"return": {"name": "recorded"}}),
        exchange("vendor-query", {"return": 1}, **{"a-b": 1}),
        exchange("vendor-query", {"return": 2}, **{"a-b": 2}),
        event("VENDOR_BEGAN", 1.1),
        exchange("vendor-start", {"return": {}}, time=1, took=0.2),
        event("VENDOR_ENDED", 2),
        exchange("vendor-fail", {"error": {"class": "DeviceNotFound", "desc": "none"}}, time=3),
        exchange("vendor-mute", None, time=4),
        Entry(request=Message({"execute": "vendor-odd", "arguments": 1}), reply=Message({})),
    ]
)


def test_what_the_daemon_does_not_know_comes_from_the_recording(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with file.open("w") as out:
        write_recording(RECORDING, out)
    with Server(replay=file) as server, Client.connect(server.path) as client:
        client.negotiate()
        assert client.execute("query-name") == {}  # the daemon's own
        assert client.execute("vendor-query", {"a-b": 2}) == 2
        assert client.execute("vendor-query", {"a-b": 1}) == 1
        assert client.execute("vendor-query", {"a-b": 1}) == 1
        assert {"name": "vendor-query"} in client.execute("query-commands")
        client.execute("vendor-start")
        assert [client.receive_event()["event"] for _ in range(2)] == [
            "VENDOR_BEGAN",
            "VENDOR_ENDED",
        ]


@pytest.mark.parametrize(
    ("command", "error", "error_class"),
    [
        ("vendor-fail", "none", "DeviceNotFound"),
        ("vendor-mute", "The recording has no legible reply to 'vendor-mute'", "GenericError"),
        ("vendor-odd", "The recording has no legible reply to 'vendor-odd'", "GenericError"),
        ("vendor-else", "The command vendor-else has not been found", "CommandNotFound"),
    ],
)
def test_what_failed_fails_again(command: str, error: str, error_class: str) -> None:
    with Server(replay=RECORDING) as server, Client.connect(server.path) as client:
        client.negotiate()
        with pytest.raises(QmpError) as raised:
            client.execute(command)
        assert (raised.value.desc, raised.value.error_class) == (error, error_class)


def test_functions_and_what_is_scripted_go_before_it() -> None:
    functions = {"vendor-query": lambda context, **arguments: 7}
    with (
        Server(replay=RECORDING, functions=functions) as server,
        Client.connect(server.path) as client,
    ):
        client.negotiate()
        assert client.execute("vendor-query") == 7
        server.respond("vendor-start", {"mine": 1})
        assert client.execute("vendor-start") == {"mine": 1}


def test_a_file_that_is_no_recording_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text("[]\n")
    with pytest.raises(RecordingError, match="this is no recording"):
        Server(replay=file)
