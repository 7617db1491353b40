"""Files, pipes, host terminals and ports: opened by a path, and closed again."""

from __future__ import annotations

import fcntl
import os
import pty
import termios
from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.chardev.chardevs import Chardevs
from qmp_iothreadd.errors import QmpError
from tests.chardev.echoes import Echoes
from tests.waiting import wait_until_async


def backend(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


async def test_a_file_is_written_anew_or_at_its_end(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    for name, append, expected in (("a", False, b"one"), ("b", True, b"onetwo")):
        made = chardevs.add(name, backend("file", out=str(path), append=append))
        made.attach(Echoes(b"one" if name == "a" else b"two"))
        assert path.read_bytes() == expected
        assert made.filename == "file"


async def test_a_file_can_be_read_too(chardevs: Chardevs, tmp_path: Path) -> None:
    source, sink = tmp_path / "in", tmp_path / "out"
    source.write_bytes(b"typed")
    made = chardevs.add("c", backend("file", out=str(sink), **{"in": str(source)}))
    made.attach(Echoes(b"hi "))
    await wait_until_async(lambda: sink.read_bytes() == b"hi typed")


async def test_an_input_that_is_missing_leaves_nothing_open(
    chardevs: Chardevs, tmp_path: Path
) -> None:
    out, missing = str(tmp_path / "out"), str(tmp_path / "in")
    before = os.listdir("/proc/self/fd")
    with pytest.raises(QmpError, match=f"Could not open '{missing}': No such file or directory"):
        chardevs.add("c", backend("file", out=out, **{"in": missing}))
    assert len(os.listdir("/proc/self/fd")) == len(before)


@pytest.mark.parametrize("kind", ["pipe", "serial", "parallel"])
async def test_a_path_where_nothing_is(chardevs: Chardevs, tmp_path: Path, kind: str) -> None:
    path = str(tmp_path / "none")
    with pytest.raises(QmpError, match=f"Could not open '{path}': No such file or directory"):
        chardevs.add("c", backend(kind, device=path))
    assert chardevs.get("c") is None


async def test_a_pipe_has_two_ways(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "p"
    os.mkfifo(f"{path}.in")
    os.mkfifo(f"{path}.out")
    chardevs.add("c", backend("pipe", device=str(path))).attach(Echoes(b"hi "))
    with open(f"{path}.out", "rb", buffering=0) as out, open(f"{path}.in", "wb", 0) as typed:
        typed.write(b"abc")
        assert out.read(3) == b"hi "
        os.set_blocking(out.fileno(), False)
        got = b""

        def read() -> bool:
            nonlocal got
            got += out.read(16) or b""
            return got == b"abc"

        await wait_until_async(read)


async def test_what_is_no_parallel_port(chardevs: Chardevs) -> None:
    said = "not a parallel port: Inappropriate ioctl for device"
    with pytest.raises(QmpError, match=said):
        chardevs.add("c", backend("parallel", device="/dev/null"))


async def test_a_serial_line_hands_over_bytes_as_they_are(chardevs: Chardevs) -> None:
    master, slave = pty.openpty()
    try:
        made = chardevs.add("c", backend("serial", device=os.ttyname(slave)))
        line = termios.tcgetattr(slave)
        assert line[4:6] == [termios.B115200, termios.B115200]
        assert not line[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        assert not line[1] & termios.OPOST
        assert line[2] & termios.CSIZE == termios.CS8
        made.attach(Echoes(b"hi\n"))
        assert os.read(master, 16) == b"hi\n"
        os.write(master, b"a\r\x03")
        os.set_blocking(master, False)
        got = b""

        def read() -> bool:
            nonlocal got
            try:
                got += os.read(master, 16)
            except BlockingIOError:
                return False
            return got == b"a\r\x03"

        await wait_until_async(read)
        made.send_break()
        assert made.filename == "serial"
    finally:
        os.close(master)
        os.close(slave)


async def test_a_serial_line_need_not_be_one(chardevs: Chardevs) -> None:
    chardevs.add("c", backend("serial", device="/dev/null")).send_break()


async def test_descriptors_are_given_back(chardevs: Chardevs, tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    made = chardevs.add("c", backend("file", out=str(tmp_path / "out")))
    made.attach(frontend := Echoes())
    made.detach(frontend)
    chardevs.remove("c")
    await chardevs.drained()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["file", "null", "ringbuf"])
async def test_each_kind_can_have_a_log(chardevs: Chardevs, tmp_path: Path, kind: str) -> None:
    log = tmp_path / "log"
    data = {"logfile": str(log)} | ({"out": str(tmp_path / "out")} if kind == "file" else {})
    chardevs.add("c", {"type": kind, "data": data}).attach(Echoes(b"hi\n"))
    assert log.read_bytes() == b"hi\n"


async def test_a_log_that_cannot_be_refuses_the_device(chardevs: Chardevs) -> None:
    with pytest.raises(QmpError, match="Could not create '/none/log': No such file or directory"):
        chardevs.add("c", backend("null", logfile="/none/log"))


async def test_a_pipe_of_one_way_is_none(chardevs: Chardevs, tmp_path: Path) -> None:
    path = tmp_path / "p"
    os.mkfifo(f"{path}.in")
    with pytest.raises(QmpError, match=f"Could not open '{path}': No such file or directory"):
        chardevs.add("c", backend("pipe", device=str(path)))
    os.mkfifo(path)
    chardevs.add("c", backend("pipe", device=str(path)))


async def test_a_parallel_port_is_claimed_and_released(
    chardevs: Chardevs, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(fcntl, "ioctl", lambda fd, call: calls.append(call))
    chardevs.add("c", backend("parallel", device="/dev/null"))
    assert calls == [0x708B]
    chardevs.remove("c")
    await chardevs.drained()
    assert calls == [0x708B, 0x708C]
