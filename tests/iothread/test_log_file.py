"""The file that a log goes to; the texts are QEMU's."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.iothread.log_file import open_log_file


def test_what_is_written_is_there_before_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with closing(open_log_file(str(path))) as log:
        log.write("one\n")
        assert path.read_text() == "one\n"
        log.write("two\nthree\n")
        assert path.read_text() == "one\ntwo\nthree\n"
    assert path.read_text() == "one\ntwo\nthree\n"


def test_what_the_file_held_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("of last time\n")
    open_log_file(str(path)).close()
    assert path.read_text() == ""


def test_the_descriptor_is_given_back(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    open_log_file(str(tmp_path / "log")).close()
    assert os.listdir("/proc/self/fd") == before


def test_the_process_id_is_put_into_the_name(tmp_path: Path) -> None:
    with closing(open_log_file(f"{tmp_path}/log-%d.txt")) as log:
        log.write("line\n")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        f"log-{os.getpid()}.txt": "line\n"
    }


@pytest.mark.parametrize("name", ["a%s", "a%", "a%d%d", "a%%d", "%5d", "a%d%"])
def test_another_conversion_is_refused_and_makes_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(QmpError) as caught:
        open_log_file(f"{tmp_path}/{name}")
    assert caught.value.desc == f"Bad logfile template: {tmp_path}/{name}"
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(QmpError) as caught:
        open_log_file("/nonexistent/log")
    assert caught.value.desc == "Error opening logfile /nonexistent/log: No such file or directory"
    with pytest.raises(QmpError) as caught:
        open_log_file(str(tmp_path))
    assert caught.value.desc == f"Error opening logfile {tmp_path}: Is a directory"


def test_the_refusal_names_the_file_with_the_process_id() -> None:
    with pytest.raises(QmpError) as caught:
        open_log_file("/nonexistent/%d.log")
    assert caught.value.desc == (
        f"Error opening logfile /nonexistent/{os.getpid()}.log: No such file or directory"
    )


def test_a_full_disk_is_the_writers_error() -> None:
    log = open_log_file("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        log.write("line\n")
    log.close()  # what could not be written is lost
