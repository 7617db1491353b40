"""What is said on monitors, in a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.scripting import transcript
from qmp_iothreadd.scripting.script import Script
from qmp_iothreadd.testing import MemoryClient


def test_a_line_for_each_message(client: MemoryClient, tmp_path: Path) -> None:
    script = client.machine.part(Script)
    script.write_transcript(str(tmp_path / "a"))
    client.execute("query-name")
    script.history.add("event", b'{"event": "X"}', "other", 2, "drop")
    request, reply, event = (tmp_path / "a").read_text().splitlines()
    assert request == '   0.0000 → {"execute": "query-name"}'
    assert reply.endswith(' ← {"return": {}}')
    assert event.endswith(' other ← {"event": "X"}  [drop]')
    script.close()
    client.execute("query-name")
    assert len((tmp_path / "a").read_text().splitlines()) == 3


def test_a_file_has_a_limit(
    client: MemoryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "FILE_BYTES_MAX", 50_000)
    script = client.machine.part(Script)
    script.write_transcript(str(tmp_path / "a"))
    for _ in range(200):
        client.execute("qom-list", {"path": "/"})
    text = (tmp_path / "a").read_text()
    assert len(text.encode()) < 200_000
    assert " before)\n" in text
    assert text.endswith("]}\n")
    seconds = [float(line.split()[0]) for line in text.splitlines() if " before)" not in line]
    assert seconds == sorted(seconds)


def test_where_nothing_can_be_written(client: MemoryClient, tmp_path: Path) -> None:
    script = client.machine.part(Script)
    with pytest.raises(QmpError, match=r"Could not open '.*/no/a': No such file or directory"):
        script.write_transcript(str(tmp_path / "no" / "a"))
    script.write_transcript("/dev/full")
    assert client.execute("query-name") == {}


def test_a_pipe_gets_the_lines_it_has_room_for(
    client: MemoryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "FILE_BYTES_MAX", 1)
    script = client.machine.part(Script)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(QmpError, match=r"Could not open '.*pipe': No such device or address"):
        script.write_transcript(str(tmp_path / "pipe"))
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        script.write_transcript(str(tmp_path / "pipe"))
        for _ in range(2):
            client.execute("query-name")
        lines = os.read(reader, 1 << 20).decode().splitlines()
        assert [line.split()[1] for line in lines] == ["→", "←", "→", "←"]
        for _ in range(1000):  # more than fits, and nobody reads
            client.execute("query-name")
    finally:
        os.close(reader)
