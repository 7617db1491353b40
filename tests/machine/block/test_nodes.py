"""Block nodes: who is there, what may lie below, what stays when something goes wrong."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block import nodes as block_nodes
from qmp_iothreadd.machine.block.bitmaps import add_bitmap, find_bitmap
from qmp_iothreadd.machine.block.drivers import make_node
from qmp_iothreadd.machine.block.info import graph, node_info
from qmp_iothreadd.machine.block.node import BlockNode
from qmp_iothreadd.machine.block.nodes import DEPTH_MAX, BlockNodes
from qmp_iothreadd.machine.block.permissions import Edge, User
from qmp_iothreadd.machine.block.stats import node_stats
from qmp_iothreadd.machine.machine import Machine
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = make_machine()
    yield made
    made.close()


@pytest.fixture
def nodes(machine: Machine) -> BlockNodes:
    return machine.part(BlockNodes)


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "image"
    path.write_bytes(bytes(3000))
    return str(path)


def null(name: str = "n0", **options: Any) -> dict[str, Any]:
    return {"driver": "null-co", "node-name": name, **options}


def raw(name: str, below: Any, **options: Any) -> dict[str, Any]:
    return {"driver": "raw", "node-name": name, "file": below, **options}


def open_files(path: str) -> int:
    links = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{fd}"))
        except OSError:  # the one that lists the folder
            continue
    return links.count(path)


# -- What is described ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "filename", "size"),
    [
        ({}, "null-co://", 1 << 30),
        ({"latency-ns": 5}, "null-co://", 1 << 30),
        ({"size": 512}, 'json:{"driver": "null-co", "size": 512}', 512),
        (
            {"size": 100, "read-zeroes": True},
            'json:{"read-zeroes": true, "driver": "null-co", "size": 100}',
            100,
        ),
    ],
)
def test_a_null_node(nodes: BlockNodes, options: dict[str, Any], filename: str, size: int) -> None:
    found = node_info(nodes.add(null(**options)))
    assert found["file"] == found["image"]["filename"] == filename
    assert found["image"]["virtual-size"] == size
    assert "dirty-flag" not in found["image"]


def test_a_file_and_raw_above_it(nodes: BlockNodes, image: str) -> None:
    nodes.add({"driver": "file", "node-name": "f", "filename": image, "read-only": True})
    top = node_info(nodes.add(raw("r", "f")))
    assert (top["file"], top["drv"], top["image"]["format"]) == (image, "raw", "raw")
    assert top["image"]["virtual-size"] == 3072  # whole sectors
    assert top["children"] == [{"child": "file", "node-name": "f"}]
    assert node_info(nodes.find("f"))["ro"] is True
    assert node_stats(nodes.find("r"))["parent"]["driver-specific"]["driver"] == "file"
    assert graph(list(nodes.nodes.values()), [])["edges"][0]["name"] == "file"


def test_a_piece_has_no_name_of_its_own(nodes: BlockNodes) -> None:
    nodes.add(null())
    made = nodes.add(raw("r", "n0", size=1024, offset=512))
    assert made.filename == (
        'json:{"offset": 512, "driver": "raw", "size": 1024, "file": {"driver": "null-co"}}'
    )
    assert made.virtual_size() == 1024


# -- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"driver": "null-co"}, "'node-name' must be specified for the root node"),
        (null("9"), "Invalid node-name: '9'"),
        (null("a" * 32), "Node name too long"),
        (null("taken"), "Duplicate nodes with node-name='taken'"),
        (raw("r", "zz"), "Cannot find device='zz' nor node-name='zz'"),
        (raw("r", "taken", size=100), "Specified size is not multiple of 512"),
        (raw("r", "taken", offset=1 << 31), "Offset is greater than size of the containing file"),
        (raw("r", null("c"), size=1 << 31), r"The sum of offset \(0\) and size \(2147483648\)"),
        (raw("r", {"driver": "qcow", "file": "taken"}), "Unknown driver 'qcow'"),
        (raw("r", null("taken")), "Duplicate nodes"),
        ({"driver": "qcow2", "node-name": "q", "file": "taken"}, "Image is not in qcow2 format"),
        ({"driver": "file", "node-name": "f", "filename": "/"}, "Could not open '/': Is a dir"),
        (
            {"driver": "file", "node-name": "f", "filename": "/", "read-only": True},
            "'file' driver requires '/' to be a regular file",
        ),
        (
            {"driver": "file", "node-name": "f", "filename": "/dev/fdset/7"},
            "Could not open '/dev/fdset/7': No such file",
        ),
        (
            {"driver": "file", "node-name": "f", "filename": "/dev/null"},
            "'file' driver requires '/dev/null' to be a regular file",
        ),
        (
            {"driver": "file", "node-name": "f", "filename": "/no/such", "auto-read-only": True},
            "Could not open '/no/such': No such file",
        ),
        (
            {
                "driver": "file",
                "node-name": "f",
                "filename": "/dev/fdset/1",
                "auto-read-only": True,
            },
            "Could not open '/dev/fdset/1': Permission denied",
        ),
        (
            {"driver": "file", "node-name": "f", "filename": "/", "aio": "native"},
            "aio=native was specified, but it requires cache.direct=on, which was not specified.",
        ),
        (
            {"driver": "host_device", "node-name": "h", "filename": "/", "read-only": True},
            "'host_device' driver requires '/' to be either a character or block device",
        ),
        (
            {"driver": "host_device", "node-name": "h", "filename": "/dev/ptmx"},
            "Could not refresh total sector count: Illegal seek",
        ),
        (null(**{"detect-zeroes": "unmap"}), "setting detect-zeroes to unmap is not allowed"),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(
    nodes: BlockNodes, options: dict[str, Any], message: str
) -> None:
    nodes.add(null("taken"))
    nodes.machine.descriptors.sets.add(os.open("/dev/null", os.O_WRONLY), 1, None)
    with pytest.raises(QmpError, match=message):
        nodes.add(options)
    assert [*nodes.nodes] == ["taken"]
    assert nodes.find("taken").users == []


def test_a_real_qcow2_is_of_a_driver_that_we_lack(nodes: BlockNodes, tmp_path: Path) -> None:
    (tmp_path / "q").write_bytes(b"QFI\xfb\0\0\0\3")
    below = {"driver": "file", "filename": str(tmp_path / "q")}
    with pytest.raises(QmpError, match="Unknown driver 'qcow2'"):
        nodes.add({"driver": "qcow2", "node-name": "q", "file": below})
    assert not nodes.nodes
    assert open_files(str(tmp_path / "q")) == 0


def test_a_node_that_is_not_read_has_a_name_for_errors(nodes: BlockNodes) -> None:
    users: list[User] = []

    def open_child(user: User, name: str, _: Any) -> Edge[BlockNode]:
        users.append(user)
        return Edge(user, name, nodes.find("n0"))

    nodes.add(null())
    options = {"driver": "qcow2", "file": "n0"}
    with pytest.raises(QmpError, match="Image is not in qcow2 format"):
        make_node("q", options, nodes.machine.descriptors, open_child)
    assert [user.describe() for user in users] == ["node 'q'"]


# -- Life -----------------------------------------------------------------------------------------


def test_what_was_made_with_a_node_goes_with_it(nodes: BlockNodes, image: str) -> None:
    nodes.add(raw("r", {"driver": "file", "filename": image}))
    (child,) = [name for name in nodes.nodes if name.startswith("#block")]
    with pytest.raises(QmpError, match=f"Node {child} is not owned by the monitor"):
        nodes.delete(child)
    assert open_files(image) == 1
    nodes.delete("r")
    assert not nodes.nodes
    assert open_files(image) == 0


def test_what_others_use_stays(nodes: BlockNodes) -> None:
    nodes.add(null())
    nodes.add(raw("r", "n0"))
    with pytest.raises(QmpError, match="Block device n0 is in use"):
        nodes.delete("n0")
    nodes.delete("r")
    nodes.delete("n0")
    with pytest.raises(QmpError, match="Failed to find node with node-name='n0'"):
        nodes.delete("n0")


def test_only_so_many_lie_below_each_other(nodes: BlockNodes) -> None:
    nodes.add(null("n0"))
    for number in range(DEPTH_MAX):
        nodes.add(raw(f"n{number + 1}", f"n{number}"))
    assert nodes.find(f"n{DEPTH_MAX}").filename == "null-co://"
    with pytest.raises(QmpError, match="block nodes below it already"):
        nodes.add(raw("top", f"n{DEPTH_MAX}"))
    inline: Any = null("bottom")
    for number in range(300):
        inline = raw(f"i{number}", inline)
    with pytest.raises(QmpError, match="block nodes below it already"):
        nodes.add(inline)
    assert len(nodes.nodes) == DEPTH_MAX + 1


def test_a_file_is_resized_and_a_read_only_one_is_not(nodes: BlockNodes, image: str) -> None:
    node = nodes.add(raw("r", {"driver": "file", "filename": image}))
    nodes.resize(node, 8192)
    assert os.stat(image).st_size == node.virtual_size() == 8192
    with pytest.raises(QmpError, match="expects a >0 size"):
        nodes.resize(node, -1)
    with pytest.raises(QmpError, match="Image is read-only"):
        nodes.resize(nodes.add({**null(), "read-only": True}), 512)


def test_a_device_of_the_host_does_not_grow(nodes: BlockNodes) -> None:
    node = nodes.add({"driver": "host_device", "node-name": "h", "filename": "/dev/null"})
    assert (node.virtual_size(), node.filename) == (0, "/dev/null")
    with pytest.raises(QmpError, match="Cannot grow device files"):
        nodes.resize(node, 512)
    nodes.resize(node, 0)


def test_a_piece_is_resized_with_what_is_before_it(nodes: BlockNodes, image: str) -> None:
    nodes.add({"driver": "file", "node-name": "f", "filename": image})
    tail = nodes.add(raw("tail", "f", offset=512))
    nodes.resize(tail, 1024)
    assert os.stat(image).st_size == 1536
    assert tail.actual_size() == os.stat(image).st_blocks * 512
    nodes.delete("tail")
    with pytest.raises(QmpError, match="Cannot resize fixed-size raw disks"):
        nodes.resize(nodes.add(raw("fixed", "f", size=512)), 1024)
    with pytest.raises(QmpError, match="Image format driver does not support resize"):
        nodes.resize(nodes.add(null()), 1024)
    assert os.stat(image).st_size == 1536


def test_no_disk_is_that_large(nodes: BlockNodes, image: str) -> None:
    node = nodes.add({"driver": "file", "node-name": "f", "filename": image})
    with pytest.raises(QmpError) as raised:
        nodes.resize(node, 9223372036854774784)
    most = 9223372035781033984
    assert raised.value.desc == f"offset(9223372036854774784) exceeds maximum({most})"
    with pytest.raises(QmpError) as raised:
        nodes.resize(node, most)
    assert raised.value.desc == "Could not resize file: File too large"
    assert os.stat(image).st_size == 3000


def test_what_may_not_be_written_is_open_for_reading(nodes: BlockNodes, image: str) -> None:
    path = "/dev/fdset/1"
    nodes.machine.descriptors.sets.add(os.open(image, os.O_RDONLY), 1, None)
    options = {"driver": "file", "node-name": "f", "filename": path}
    with pytest.raises(QmpError, match=f"Could not open '{path}': Permission denied"):
        nodes.add(options)
    node = nodes.add({**options, "auto-read-only": True})
    assert node_info(node)["ro"] is False  # as QEMU says, until somebody writes
    with pytest.raises(QmpError, match=f"Could not open '{path}': Permission denied"):
        nodes.resize(node, 512)


def test_an_image_that_cannot_be_read_is_in_no_format(
    nodes: BlockNodes, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(fd: int, count: int, offset: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(QmpError, match="Image is not in qcow2 format"):
        nodes.add(
            {
                "driver": "qcow2",
                "node-name": "q",
                "file": {"driver": "file", "filename": image},
            }
        )
    assert open_files(image) == 0


def test_nodes_are_bounded(nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_nodes, "NODES_MAX", 2)
    nodes.add(raw("r", null("n0")))
    with pytest.raises(QmpError, match="2"):
        nodes.add(null("n1"))
    nodes.delete("r")
    assert nodes.add(null("n1")).name == "n1"


def test_reopening_changes_all_or_nothing(nodes: BlockNodes) -> None:
    nodes.add(null("a"))
    nodes.add(null("b"))
    with pytest.raises(QmpError, match="Cannot change the option 'size'"):
        nodes.reopen([null("a", **{"read-only": True}), null("b", size=512)])
    assert not nodes.find("a").read_only
    nodes.reopen([null("a", **{"read-only": True}), null("b")])
    assert nodes.find("a").read_only
    nodes.add(raw("r", "b"))
    held = nodes.hold("r")
    assert held is not None
    held.claim(writes=True, share_writes=False, share_resize=True)
    with pytest.raises(QmpError, match="Read-only block node 'b' cannot support"):
        nodes.reopen([null("b", **{"read-only": True})])
    held.claim(writes=False, share_writes=False, share_resize=True)
    nodes.reopen([null("b", **{"read-only": True})])


def flags_of(path: str) -> int:
    """How the one descriptor of a file is open."""
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}") == path:
                return fcntl.fcntl(int(fd), fcntl.F_GETFL)
        except OSError:  # the one that lists the folder
            continue
    raise AssertionError(path)


def test_a_file_is_opened_anew_where_that_matters(nodes: BlockNodes, image: str) -> None:
    file = {"driver": "file", "node-name": "f", "filename": image}
    nodes.add({**file, "read-only": True})
    assert flags_of(image) & os.O_ACCMODE == os.O_RDONLY
    nodes.reopen([file])
    assert flags_of(image) & os.O_ACCMODE == os.O_RDWR
    nodes.reopen([{**file, "cache": {"direct": True}}])
    assert flags_of(image) & os.O_DIRECT
    nodes.reopen([{**file, "detect-zeroes": "on"}])
    assert not flags_of(image) & os.O_DIRECT
    assert nodes.find("f").detect_zeroes == "on"
    os.rename(image, f"{image}.moved")
    with pytest.raises(QmpError, match=r"Could not open .*: No such file"):
        nodes.reopen([{**file, "read-only": True}])
    assert not nodes.find("f").read_only
    assert nodes.find("f").detect_zeroes == "on"


def test_an_image_that_could_only_be_read_is_opened_for_a_writer(
    nodes: BlockNodes, image: str
) -> None:
    fd = os.open(image, os.O_RDONLY)
    nodes.machine.descriptors.sets.add(fd, 1, None)
    file = {"driver": "file", "node-name": "f", "filename": "/dev/fdset/1", "auto-read-only": True}
    nodes.add(file)
    held = nodes.hold("f")
    assert held is not None
    with pytest.raises(QmpError, match="Could not open '/dev/fdset/1': Permission denied"):
        held.claim(writes=True, share_writes=False, share_resize=False)
    assert [edge.perm for edge in nodes.find("f").users] == [0]
    nodes.machine.descriptors.sets.add(os.open(image, os.O_RDWR), 1, None)
    held.claim(writes=True, share_writes=False, share_resize=False)
    held.detach(unplugged=True)
    nodes.delete("f")


def test_how_far_a_piece_was_written_counts_below(nodes: BlockNodes, image: str) -> None:
    nodes.add({"driver": "file", "node-name": "f", "filename": image})
    piece = nodes.add(raw("r", "f", offset=512))
    piece.wrote_up_to(1024)
    piece.wrote_up_to(0)
    ends = [node_stats(each)["stats"]["wr_highest_offset"] for each in (piece, nodes.find("f"))]
    assert ends == [1024, 1536]


def test_the_limits_of_requests(nodes: BlockNodes, image: str) -> None:
    nodes.add({"driver": "file", "node-name": "f", "filename": image})
    below = {"driver": "file", "filename": image, "cache": {"direct": True}, "read-only": True}
    try:
        direct = nodes.add(raw("r", below))
    except QmpError:
        pytest.skip("the file system does not have O_DIRECT")
    limits = [node_info(each)["image"]["limits"] for each in (nodes.find("f"), direct)]
    assert [
        (each["request-alignment"], each["min-mem-alignment"], each["max-iov"]) for each in limits
    ] == [(1, 1, 1024), (1, 512, 1024)]
    assert node_info(nodes.latest_first()[1])["image"]["limits"]["request-alignment"] == 512


def test_a_node_does_not_keep_its_iothread(machine: Machine, nodes: BlockNodes) -> None:
    machine.create_object({"qom-type": "iothread", "id": "io0"})
    nodes.add(null())
    nodes.add(raw("r", "n0"))
    nodes.move("r", "io0")
    assert nodes.find("n0").iothread is machine.find_object("io0")
    machine.delete_object("io0")
    nodes.move("r", None)
    assert nodes.find("n0").iothread is None
    with pytest.raises(QmpError, match="Cannot find iothread io0"):
        nodes.move("r", "io0")
    with pytest.raises(QmpError, match="Failed to find node"):
        nodes.move("zz", "io0")


# -- Any order of it ------------------------------------------------------------------------------

NAMES = st.sampled_from("abcd")


class Graphs(RuleBasedStateMachine):
    """Nodes against a model: name → the name of what lies below it."""

    def __init__(self) -> None:
        super().__init__()
        self.machine = make_machine()
        self.nodes = self.machine.part(BlockNodes)
        self.model: dict[str, str | None] = {}

    @rule(name=NAMES)
    def add_null(self, name: str) -> None:
        self._add(null(name), None, can=name not in self.model)

    @rule(name=NAMES, below=NAMES)
    def add_raw(self, name: str, below: str) -> None:
        self._add(raw(name, below), below, can=name not in self.model and below in self.model)

    def _add(self, options: dict[str, Any], below: str | None, *, can: bool) -> None:
        if can:
            self.nodes.add(options)
            self.model[options["node-name"]] = below
            return
        with pytest.raises(QmpError):
            self.nodes.add(options)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.model and name not in self.model.values():
            self.nodes.delete(name)
            del self.model[name]
            return
        with pytest.raises(QmpError):
            self.nodes.delete(name)

    @invariant()
    def is_as_the_model(self) -> None:
        assert [*self.nodes.nodes] == [*self.model]
        for name, node in self.nodes.nodes.items():
            assert len(node.users) == list(self.model.values()).count(name)

    def teardown(self) -> None:
        self.machine.close()


Graphs.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestGraphs = Graphs.TestCase


def test_a_bitmap_of_no_node_is_not_found(machine: Machine) -> None:
    with pytest.raises(QmpError, match="Node 'n9' not found"):
        find_bitmap(machine.part(BlockNodes), "n9", "b0")


@pytest.mark.parametrize(
    ("bitmap", "message"),
    [
        ({"name": ""}, "Bitmap name cannot be empty"),
        ({"name": "b", "granularity": 700}, "Granularity must be power of 2"),
        ({"name": "b", "persistent": True}, "Can't store persistent bitmaps to n0"),
        ({"name": "x" * 1024}, "Bitmap name is too long"),
        ({"name": "taken"}, "Bitmap already exists: taken"),
    ],
)
def test_bitmaps_that_cannot_be(nodes: BlockNodes, bitmap: dict[str, Any], message: str) -> None:
    nodes.add(null())
    options: dict[str, Any] = {"granularity": None, "persistent": False, "disabled": False}
    add_bitmap(nodes, "n0", "taken", **options)
    given = options | bitmap
    with pytest.raises(QmpError) as raised:
        add_bitmap(nodes, "n0", given.pop("name"), **given)
    assert message in raised.value.desc
    assert list(nodes.find("n0").bitmaps) == ["taken"]
    with pytest.raises(QmpError, match="Node 'zz' not found"):
        find_bitmap(nodes, "zz", "taken")


def test_what_a_node_is_reopened_with_names_it(nodes: BlockNodes) -> None:
    nodes.add(null())
    with pytest.raises(QmpError, match="node-name not specified"):
        nodes.reopen([{"driver": "null-co"}])


def test_reopening_is_undone_where_one_fails(
    nodes: BlockNodes, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = {"driver": "file", "node-name": "f", "filename": image}
    nodes.add(null("a"))
    nodes.add(file)

    def fail(*_: Any) -> int:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    with monkeypatch.context() as patch:
        patch.setattr("qmp_iothreadd.machine.block.drivers.fcntl.fcntl", fail)
        with pytest.raises(QmpError, match="Invalid argument"):
            nodes.reopen(
                [null("a", **{"detect-zeroes": "on"}), {**file, "cache": {"direct": True}}]
            )
    assert nodes.find("a").detect_zeroes == "off"
    assert not nodes.find("f").cache["direct"]


def test_a_disk_that_cannot_be_filled_leaves_no_node(
    nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = nodes.add_disk("d")

    def fail(_: Any) -> None:
        raise QmpError("no")

    monkeypatch.setattr(disk, "insert", fail)
    with pytest.raises(QmpError, match="no"):
        nodes.open_into(disk, {"driver": "null-co"})
    assert not nodes.nodes
