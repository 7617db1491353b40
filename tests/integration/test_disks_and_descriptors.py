"""Disks, networks and descriptors that a command line gives to a daemon."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qmp_iothreadd.testing import DaemonProcess
from tests.integration.test_descriptor_passing import held


def test_nodes_and_disks_of_a_command_line(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1024))
    with (
        DaemonProcess(
            *("-blockdev", '{"driver":"null-co","node-name":"n0"}'),
            *("-blockdev", f"raw,node-name=r0,file.driver=file,file.filename={image}"),
            *("-drive", "if=none,id=d,driver=null-co"),
            *("-drive", f"if=none,file={image},format=raw,readonly=on"),
            *("-netdev", "user,id=n"),
        ) as daemon,
        daemon.client() as client,
    ):
        disks = client.execute("query-block")
        assert [disk["device"] for disk in disks] == ["d", "none1"]
        assert disks[1]["inserted"]["ro"] is True
        names = [node["node-name"] for node in client.execute("query-named-block-nodes")]
        assert names[-1] == "n0"
        assert "r0" in names
        assert held(daemon, image) == 2
        add = {"command-line": "drive_add 0 if=none,id=e,driver=null-co"}
        assert client.execute("human-monitor-command", add) == "OK\r\n"
        again = client.execute("human-monitor-command", add)
        assert again == "Error: Duplicate ID 'e' for drive\r\n"
        client.execute("eject", {"device": "none1"})
        assert held(daemon, image) == 1
        line = {"command-line": "info block none1"}
        assert client.execute("human-monitor-command", line) == (
            "\r\nnone1: [not inserted]\r\n    Removable device: not locked, tray closed\r\n"
        )
        client.execute("human-monitor-command", {"command-line": "drive_del d"})
        assert [disk["device"] for disk in client.execute("query-block")][:1] == ["none1"]
        client.execute("netdev_del", {"id": "n"})


def test_an_inherited_descriptor_is_in_its_set(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(512))
    fd = os.open(image, os.O_RDONLY)
    option = ("-add-fd", f"fd={fd},set=4,opaque=mine")
    node = ("-blockdev", "file,node-name=f,filename=/dev/fdset/4,read-only=on")
    with (
        DaemonProcess(*option, *node, pass_fds=[fd]) as daemon,
        daemon.client() as client,
    ):
        (found,) = client.execute("query-fdsets")
        assert found["fdset-id"] == 4
        assert found["fds"][0]["opaque"] == "mine"
        assert held(daemon, image) == 2
        client.execute("remove-fd", {"fdset-id": 4})
        assert client.execute("query-fdsets") == [{"fdset-id": 4, "fds": []}]
        client.execute("blockdev-del", {"node-name": "f"})
        assert client.execute("query-fdsets") == []
        assert held(daemon, image) == 0
    os.close(fd)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["-drive", "if=zz"], "-drive if=zz: unsupported bus type 'zz'"),
        (["-hda", "/nope"], "-hda /nope: Could not open '/nope': No such file or directory"),
        (["-fda", "/dev/null"], "-fda /dev/null: machine type does not support if=floppy,bus=0"),
        (["-drive", "media=zz"], "-drive media=zz: 'zz' invalid media"),
        (["-drive", "cache=zz,file=x"], "-drive cache=zz,file=x: invalid cache option"),
        (["-drive", "cache=none"], "-drive cache=none: Must specify either driver or file"),
        (["-drive", "file=nbd://x"], "-drive file=nbd://x: Unknown protocol 'nbd'"),
        (["-blockdev", "null-co"], "'node-name' must be specified for the root node"),
        (["-blockdev", "nope,node-name=n"], "Parameter 'driver' does not accept value 'nope'"),
        (["-add-fd", "fd=1,set=2"], "-add-fd fd=1,set=2: fd cannot be a standard I/O stream"),
        (["-add-fd", "fd=999,set=2"], "fd is not valid or already in use"),
    ],
)
def test_refusals(option: list[str], message: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "qmp_iothreadd", "-M", "none", "-nodefaults", *option],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert message in ended.stderr
