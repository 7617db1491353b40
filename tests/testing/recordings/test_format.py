from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmp_iothreadd.testing.recordings import (
    Entry,
    Recording,
    RecordingError,
    format as recording_format,
    read_recording,
    write_recording,
)
from qmp_iothreadd.testing.recordings.format import entry_line, parse_recording
from qmp_iothreadd.testing.recordings.messages import Message

ENTRIES = [
    Entry(1, greeting=Message({"QMP": {}}), time=0.5),
    Entry(1, request=Message({"execute": "a"}), reply=Message({"return": {}}), time=1, took=0.25),
    Entry(2, request=Message(None, b"\xff foo"), reply=Message({"error": {}}, b"{'error': {}}")),
    Entry(1, request=Message({"execute": "b"}), descriptors=2),
    Entry(1, reply=Message(None, b"{cut", 900)),
    Entry(1, event=Message({"event": "STOP"}), time=2),
    Entry(1, closed="server", time=3),
]


def deep() -> list[object]:
    made: list[object] = []
    for _ in range(2000):
        made = [made]
    return made


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    with file.open("w") as out:
        write_recording(Recording(ENTRIES, of="/run/q.sock", began="2026-11-28"), out)
    found = read_recording(file)
    assert found == Recording(ENTRIES, of="/run/q.sock", began="2026-11-28")
    assert found.commands() == {"a", "b"}
    assert [*found.clients()] == [1, 2]


def test_an_exchange_is_one_line_to_be_read() -> None:
    assert entry_line(ENTRIES[1]) == (
        '{"client": 1, "request": {"execute": "a"}, "reply": {"return": {}},'
        ' "time": 1, "took": 0.25}\n'
    )
    assert '"request_raw": {"b64": "/yBmb28="}' in entry_line(ENTRIES[2])


def test_what_json_does_not_have_is_kept_as_bytes() -> None:
    for value in (float("inf"), deep()):
        line = json.loads(entry_line(Entry(request=Message({"id": value}, b"raw"))))
        assert line == {"client": 1, "request_raw": "raw", "time": 0.0}


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("[]\n", "1: not an object: this is no recording of qmp-tap's"),
        ("{\n", "1: not a line of JSON"),
        ('{"cli', "cut off, take it away to use the others"),
        ("[" * 5000 + "\n", "1: not a line of JSON"),
        ('{"recording": 2}\n', "1: version 2; this program reads version 1"),
        ('{"recording": 1, "of": 1}\n', "1: 'of' is to be of the type str"),
        ('{"recording": 1, "to": 1}\n', "1: 'to' is not a member of such a line"),
        ('\n{"closed": "tap", "recording": 1}\n', "2: 'recording' is not a member of such a line"),
        ('{"client": 0, "closed": "tap"}\n', "1: 'client' is to be 1 or more"),
        ('{"client": true, "closed": "tap"}\n', "1: 'client' is to be of the type int"),
        ('{"closed": "nobody"}\n', "1: 'closed' is to be one of client, server, tap"),
        ('{"client": 1}\n', "1: it is to have one of 'greeting', 'request' with 'reply'"),
        ('{"event": {}, "greeting": {}}\n', "1: it is to have one of"),
        ('{"request": []}\n', "1: 'request' is to be of the type dict"),
        ('{"request_raw": 1}\n', "1: 'request_raw' is to be a string, or {'b64': …}"),
        ('{"request_raw": {"b64": "?"}}\n', "1: 'b64' of 'request_raw' is not Base64"),
        ('{"request_raw": "\\ud800"}\n', "1: 'request_raw' has half a character"),
        ('{"closed": "tap", "time": -1}\n', "1: 'time' is to be a number of seconds"),
        ('{"closed": "tap", "took": NaN}\n', "1: not a line of JSON (NaN is not finite)"),
        ('{"request": {"id": 1e999}}\n', "1: not a line of JSON (1e999 is not finite)"),
        ('{"closed": "tap", "took": "1"}\n', "1: 'took' is to be a number of seconds"),
    ],
)
def test_what_is_no_recording_is_refused_by_line(line: str, error: str, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(line)
    with pytest.raises(RecordingError) as raised:
        read_recording(file)
    assert str(raised.value).startswith(f"{file}:")
    assert error in str(raised.value)


def test_a_recording_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_format, "ENTRIES_MAX", 1)
    with pytest.raises(RecordingError, match="2: a recording has 1 lines at most; divide it"):
        parse_recording([b'{"closed": "tap"}\n'] * 2)
    monkeypatch.setattr(recording_format, "LINE_MAX", 1 << 20)
    with pytest.raises(RecordingError, match="1: a line has 1 MiB at most"):
        parse_recording([b" " * (1 << 20) + b"\n"])


@pytest.mark.parametrize(
    ("value", "command"),
    [({"execute": "a"}, "a"), ({"exec-oob": "b"}, "b"), ({"execute": 1}, ""), ({}, "")],
)
def test_an_entry_knows_its_command(value: dict[str, object], command: str) -> None:
    assert Entry(request=Message(value)).command == command
    assert Entry(closed="tap").command == ""
