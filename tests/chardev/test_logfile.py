"""``logfile``: what is written is in the file, too."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from qmp_iothreadd.chardev.logfile import LogFile
from qmp_iothreadd.descriptors import Descriptors
from qmp_iothreadd.errors import QmpError


def write(path: Path, data: bytes, *, append: bool = False) -> None:
    log = LogFile(str(path), Descriptors(), append=append)
    assert log.receive_data(b"typed") == b"typed"
    assert log.encode(data) == data
    assert log.data_to_send() == b""
    log.close()
    assert log.encode(b"late") == b"late"


def test_output_is_logged_and_input_is_not(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old")
    write(path, b"one")
    assert path.read_bytes() == b"one"
    write(path, b"two", append=True)
    assert path.read_bytes() == b"onetwo"


def test_each_line_can_have_its_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = LogFile(str(path), Descriptors(), times=True)
    for piece in (b"one", b" line\r\nand", b" another\n"):
        log.encode(piece)
    log.close()
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    assert re.fullmatch(rf"{time} one line\r\n{time} and another\n", path.read_bytes().decode())


def test_a_full_disk_is_no_reason_to_stop() -> None:
    log = LogFile("/dev/full", Descriptors())
    assert log.encode(b"x") == b"x"
    log.close()


def test_a_path_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "none" / "log"
    with pytest.raises(QmpError, match=f"Could not create '{path}': No such file or directory"):
        LogFile(str(path), Descriptors())


def test_a_file_that_was_handed_over(tmp_path: Path) -> None:
    path, descriptors = tmp_path / "log", Descriptors()
    number = descriptors.sets.add(os.open(path, os.O_WRONLY | os.O_CREAT), None, None)
    log = LogFile(f"/dev/fdset/{number}", descriptors, append=True)
    descriptors.sets.remove(number, None)
    log.encode(b"still open")
    assert path.read_bytes() == b"still open"
    assert descriptors.sets.members() == [(number, [])]
    log.close()
    assert descriptors.sets.members() == []
