"""Small files, which are read to their end, but not without end."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.objects import files


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    data = os.urandom(200_000)
    (tmp_path / "f").write_bytes(data)
    assert files.read_file(str(tmp_path / "f")) == data


def test_what_has_no_end_is_refused() -> None:
    with pytest.raises(QmpError, match="Error reading file \u201c/dev/zero\u201d: File too large"):
        files.read_file("/dev/zero")


def test_who_writes_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "WAIT_S", 0.0)
    reader, writer = os.pipe()
    with pytest.raises(QmpError, match="timed out"):
        files.read_file(f"/dev/fd/{reader}")
    os.close(reader)
    os.close(writer)


def test_who_writes_later_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()

    def write(*_: object) -> None:
        os.write(writer, b"late")
        os.close(writer)

    monkeypatch.setattr(select, "select", write)
    assert files.read_file(f"/dev/fd/{reader}") == b"late"
    os.close(reader)


def test_a_path_with_a_nul_is_none() -> None:
    with pytest.raises(QmpError, match="No such file or directory"):
        files.read_file("a\0b")
