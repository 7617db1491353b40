"""Decisions in files: what is in them, and whose they are."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread import recording
from qmp_iothreadd.iothread.recording import LENGTH_BYTES, MAGIC, Recording


def test_a_file_says_what_its_records_have(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("what was there" * 100)
    made = Recording(str(path))
    made.write(b"x" * 32, 2)
    made.close()
    content = path.read_bytes()
    start = len(MAGIC) + LENGTH_BYTES
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    about = json.loads(content[start : start + length])
    assert content.startswith(MAGIC)
    assert about["x_aio_adjust"][:3] == ["block_ns", "policy", "max_ns"]
    assert about["handler"] == ["node", "fd", "event", "old", "new"]
    assert content[start + length :] == b"x" * 32
    assert (len(content) % 8, made.records, made.dropped) == (0, 2, 0)


def test_what_the_disk_has_no_room_for_is_dropped_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    made = Recording(str(path))
    size = path.stat().st_size
    write, room, reason = os.pwrite, [20], [errno.ENOSPC]

    def full(fd: int, data: bytes, at: int) -> int:
        if not room[0]:
            raise OSError(reason[0], os.strerror(reason[0]))
        written = write(fd, data[: room[0]], at)
        room[0] -= written
        return written

    monkeypatch.setattr(os, "pwrite", full)
    made.write(b"x" * 32, 2)
    assert (path.stat().st_size, made.records, made.dropped) == (size, 0, 2)
    room[0] = 100
    made.write(b"y" * 16, 1)
    made.close()
    assert path.read_bytes()[size:] == b"y" * 16
    assert (made.records, made.dropped) == (1, 2)
    room[0] = 0
    for why in (errno.ENOSPC, errno.EFBIG):
        reason[0] = why
        with pytest.raises(QmpError, match=os.strerror(why)):
            Recording(str(path))


@pytest.mark.parametrize(
    ("path", "why"),
    [("/nonexistent/file", "No such file"), ("/dev/null", "not a regular file"), ("a\0b", "null")],
)
def test_what_cannot_be_written_is_said(path: str, why: str) -> None:
    with pytest.raises(QmpError, match=why):
        recording.Recording(path)
