"""Where disks are that have no name, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block.drives import add_drive, medium_options
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def nodes() -> Iterator[BlockNodes]:
    machine = make_machine()
    yield machine.part(BlockNodes)
    machine.close()


def add(nodes: BlockNodes, words: str, name: str | None = None) -> str:
    pairs = [(key, value) for key, _, value in (each.partition("=") for each in words.split(","))]
    return add_drive(nodes, name, pairs, warn=lambda text: None)


def test_a_disk_without_a_name_has_its_places(nodes: BlockNodes) -> None:
    lists = ("media=disk", "media=disk", "media=cdrom", "if=none", "if=none", "index=7", "if=scsi")
    assert [add(nodes, words) for words in lists] == [
        *("ide0-hd0", "ide0-hd1", "ide1-cd0", "none0", "none1", "ide3-hd1", "scsi0-hd0")
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("index=0", "drive with bus=0, unit=0 (index=0) exists"),
        ("unit=0", "drive with bus=0, unit=0 (index=-1) exists"),
        ("unit=2", "unit 2 too big (max is 1)"),
        ("index=1,unit=1", "index cannot be used with bus and unit"),
    ],
)
def test_a_place_has_room_for_one_disk(nodes: BlockNodes, words: str, message: str) -> None:
    add(nodes, "media=disk")
    with pytest.raises(QmpError, match=re.escape(message)):
        add(nodes, words)
    assert list(nodes.disks) == ["ide0-hd0"]


def test_what_is_in_a_disk_goes_with_it(nodes: BlockNodes) -> None:
    add(nodes, "if=none,file=null-co://", "d")
    assert [node.driver for node in nodes.nodes.values()] == ["null-co", "raw"]
    with pytest.raises(QmpError, match=r"Node .* is in use"):
        nodes.delete(nodes.lookup("d", None).name)
    nodes.disks["d"].remove()
    assert not nodes.nodes
    with pytest.raises(QmpError, match="Device 'd' has no medium"):
        nodes.lookup("d", None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("if=zz", "unsupported bus type 'zz'"),
        ("media=tape", "'tape' invalid media"),
        ("cache=zz", "invalid cache option"),
        ("cache=none", "Must specify either driver or file"),
        ("foo=1", "Must specify either driver or file"),
        ("index=x", "Parameter 'index' expects a number"),
        ("format=raw", 'A block device must be specified for "file"'),
        ("file=x,foo=1", "Block format 'raw' does not support the option 'foo'"),
        ("file=null-co://,readonly=zz", "Parameter 'read-only' expects 'on' or 'off'"),
        ("file=nbd:x", "Unknown protocol 'nbd'"),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(nodes: BlockNodes, words: str, message: str) -> None:
    with pytest.raises(QmpError, match=re.escape(message)):
        add(nodes, words, "d")
    assert not nodes.disks
    assert not nodes.nodes


def test_names_of_disks_and_nodes_are_of_one_kind(nodes: BlockNodes) -> None:
    add(nodes, "if=none", "d")
    with pytest.raises(QmpError, match="node-name=d is conflicting with a device id"):
        nodes.add({"driver": "null-co", "node-name": "d"})
    nodes.add({"driver": "null-co", "node-name": "n"})
    with pytest.raises(QmpError, match="Device name 'n' conflicts with an existing node name"):
        add(nodes, "if=none", "n")
    with pytest.raises(QmpError, match="Duplicate ID 'd' for drive"):
        add(nodes, "if=none", "d")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("aio=nope", "invalid aio option"),
        ("discard=nope", "Invalid discard option"),
        ("werror=nope", "'nope' invalid write error action"),
        ("rerror=enospc", "'enospc' invalid read error action"),
        ("if=sd,werror=stop", "werror is not supported by this bus type"),
        ("snapshot=maybe", "Parameter 'snapshot' expects 'on' or 'off'"),
        ("copy-on-read=maybe", "Parameter 'copy-on-read' expects 'on' or 'off'"),
        ("index=0,bus=1", "index cannot be used with bus and unit"),
    ],
)
def test_what_a_guests_device_would_see_is_checked(
    nodes: BlockNodes, words: str, reason: str
) -> None:
    with pytest.raises(QmpError, match=f"^{re.escape(reason)}$"):
        add(nodes, f"file=null-co://,format=raw,{words}")
    assert not nodes.disks


def test_an_image_that_was_to_stay_as_it_is_is_not_written(
    nodes: BlockNodes, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1024))
    words = f"if=none,format=raw,file={image},snapshot="
    with pytest.raises(QmpError, match=r"^snapshot=on is not supported: no format"):
        add(nodes, f"{words}on", "d")
    assert (nodes.disks, nodes.nodes) == ({}, {})
    add(nodes, f"{words}off", "writes")
    add(nodes, f"{words}on,read-only=on", "reads")
    add(nodes, "if=none,format=raw,file=null-co://,snapshot=on", "forgets")


def test_an_image_of_no_stated_format_is_warned_of(nodes: BlockNodes, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(1024))
    said: list[str] = []
    for name, more in (("d", {}), ("e", {"format": "raw"})):
        given = {"file": f"file:{image}", "read-only": "on", "cache": "unsafe", **more}
        add_drive(nodes, name, list(given.items()), warn=said.append)
    assert len(said) == 1
    assert "probing guessed raw" in said[0]
    assert nodes.lookup("e", None).read_only
    assert add(nodes, "if=none,format=null-co", "n") == "n"
    assert nodes.lookup("n", None).driver == "null-co"


def test_what_is_in_a_cdrom_drive_is_only_read(nodes: BlockNodes) -> None:
    name = add(nodes, "media=cdrom,read-only=off,file=null-co://,format=raw")
    assert nodes.lookup(name, None).read_only


def test_a_bus_that_is_full_is_followed_by_the_next(nodes: BlockNodes) -> None:
    assert [add(nodes, "if=floppy") for _ in range(3)] == ["floppy0", "floppy1", "floppy2"]
    assert [add(nodes, "if=ide") for _ in range(3)] == ["ide0-hd0", "ide0-hd1", "ide1-hd0"]
    assert add(nodes, "if=ide,bus=1,unit=1") == "ide1-hd1"


def test_an_image_that_is_not_there_leaves_no_disk(nodes: BlockNodes) -> None:
    with pytest.raises(QmpError, match="Could not open '/nonexistent/image': No such file"):
        add(nodes, "if=none,format=raw,file=/nonexistent/image", "d")
    assert (nodes.disks, nodes.nodes) == ({}, {})


def test_what_is_put_into_a_disk() -> None:
    raw = {"driver": "file", "filename": "i", "read-only": True}
    expected = {"driver": "raw", "file": raw, "read-only": True}
    assert medium_options("file:i", None, read_only=True) == expected
    null = {"driver": "null-co", "read-only": False}
    assert medium_options("null-co://", "null-co", read_only=False) == null
