from __future__ import annotations

import io
from typing import Any

import pytest

from qmp_iothreadd.testing.recordings import Entry, Recording, redact, write_recording
from qmp_iothreadd.testing.recordings.messages import Message


def text_of(recording: Recording) -> str:
    file = io.StringIO()
    write_recording(recording, file)
    return file.getvalue()


def asked(command: str, arguments: dict[str, Any], reply: Any = None) -> Recording:
    request = Message({"execute": command, "arguments": arguments})
    answer = Message({"return": {} if reply is None else reply})
    return Recording([Entry(request=request, reply=answer)])


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("set_password", {"protocol": "vnc", "password": "s3cr3t"}),
        ("object-add", {"qom-type": "secret", "id": "a", "data": "s3cr3t"}),
        ("object-add", {"qom-type": "secret", "id": "a", "props": {"data": "s3cr3t"}}),
        ("object-add", {"qom-type": "x", "id": "a", "iv": [], "access-key": "s3cr3t"}),
        ("qom-set", {"path": "/objects/a", "property": "data", "value": "s3cr3t"}),
        ("blockdev-add", {"driver": "ssh", "server": {"user-password": "s3cr3t"}}),
        ("blockdev-add", {"driver": "x", "passphrase": ["s3cr3t"]}),
        ("blockdev-add", {"driver": "x", "filename": "nbd://me:s3cr3t@host/export"}),
        ("blockdev-add", {"driver": "x", "filename": 'json:{"password": "s3cr3t"}'}),
        ("human-monitor-command", {"command-line": "set_password vnc s3cr3t"}),
        ("human-monitor-command", {"command-line": "change vnc password s3cr3t"}),
        ("human-monitor-command", {"command-line": "object_add secret,id=a,data=s3cr3t"}),
        ("human-monitor-command", {"command-line": "x file.password=s3cr3t,y"}),
        ("blockdev-add", {"driver": "x", "filename": "/home/bob s3cr3t/x.img"}),
        ("blockdev-add", {"driver": "x", "filename": "s3cr3t.img"}),
        ("x", {"text": "no '/var/lib/s3cr3t/x' here"}),
        ("x", {"-": "-----BEGIN PRIVATE KEY-----\ns3cr3t\n-----END PRIVATE KEY-----"}),
    ],
)
def test_secrets_are_taken_out_wherever_they_stand(command: str, arguments: dict[str, Any]) -> None:
    recording = asked(command, arguments)
    assert "s3cr3t" in text_of(recording)
    assert "s3cr3t" not in text_of(redact(recording))


def test_what_a_reply_repeats_is_taken_out_too_and_stays_equal() -> None:
    found = redact(
        asked(
            "set_password",
            {"protocol": "vnc", "password": "s3cr3t"},
            {"said": "'s3cr3t' is no good, nor is '/a/b.img'", "file": "/a/b.img", "s3cr3t": 1},
        )
    )
    request, reply = found.entries[0].request, found.entries[0].reply
    assert request is not None
    assert reply is not None
    assert request.value is not None
    assert request.value["arguments"] == {"protocol": "vnc", "password": "<password 1>"}
    assert reply.value == {
        "return": {
            "said": "'<password 1>' is no good, nor is '/redacted/2'",
            "file": "/redacted/2",
            "<password 1>": 1,
        }
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "/objects/io0", "property": "poll-max-ns", "value": 3},
        {"qom-type": "memory-backend-ram", "id": "m", "data": "kept", "password": ""},
        {"keys": [{"type": "qcode", "data": "kept"}], "key-secret": "sec0"},
        {"path": "/machine/peripheral/net0", "property": "type", "value": "kept"},
    ],
)
def test_nothing_else_is_changed(arguments: dict[str, Any]) -> None:
    recording = asked("x", arguments, 1.5)
    assert redact(recording) == recording


def test_a_short_secret_is_taken_out_where_it_stands_only() -> None:
    found = redact(asked("x", {"password": "on", "state": "on and on"}))
    assert '"state": "on and on"' in text_of(found)
    assert '"password": "<password 1>"' in text_of(found)


def test_members_can_be_named_and_paths_kept() -> None:
    found = redact(asked("x", {"name": "guest-of-bob", "file": "/a/b"}), ["name"], paths=False)
    assert '{"name": "<name 1>", "file": "/a/b"}' in text_of(found)


def test_bytes_that_are_no_value_are_taken_out_whole_and_others_are_read() -> None:
    recording = Recording(
        [
            Entry(request=Message(None, b"{'password': 's3cr3t'"), reply=Message(None, b"{", 900)),
            Entry(request=Message({"password": "s3cr3t"}, b"{'password': 's3cr3t'}")),
        ],
        of="/home/bob/s3cr3t.sock",
    )
    found = text_of(redact(recording))
    assert "s3cr3t" not in found
    assert '"request_raw": "<redacted>", "request_size": 21' in found
    assert '"reply_raw": "<redacted>", "reply_size": 900' in found
