"""Locks on images: what two processes, here two nodes, may do to one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.block.backend import BlockBackend
from qmp_iothreadd.machine.block.nodes import BlockNodes
from qmp_iothreadd.testing import make_machine


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[BlockNodes]:
    (tmp_path / "image").write_bytes(bytes(1024))
    machine = make_machine()
    made = machine.part(BlockNodes)
    for name, more in {"a": {}, "b": {}, "c": {"locking": "off"}}.items():
        file = {"driver": "file", "node-name": name, "filename": str(tmp_path / "image")}
        made.add({**file, **more})
    yield made
    machine.close()


def hold(nodes: BlockNodes, name: str) -> BlockBackend:
    held = nodes.hold(name)
    assert held is not None
    return held


def test_two_writers_need_to_share(nodes: BlockNodes) -> None:
    a, b, c = [hold(nodes, name) for name in "abc"]
    a.claim(writes=True, share_writes=False, share_resize=True)
    with pytest.raises(QmpError, match=r'^Failed to get "write" lock$') as raised:
        b.claim(writes=True, share_writes=True, share_resize=True)
    assert raised.value.hint is not None
    assert raised.value.hint.startswith("Is another process using the image [")
    c.claim(writes=True, share_writes=False, share_resize=True)  # it looks at no locks
    b.claim(writes=False, share_writes=True, share_resize=True)
    a.claim(writes=True, share_writes=True, share_resize=True)
    b.claim(writes=True, share_writes=True, share_resize=True)
    with pytest.raises(QmpError, match=r'^Failed to get shared "write" lock$'):
        a.claim(writes=True, share_writes=False, share_resize=True)
    b.detach(unplugged=True)
    a.claim(writes=True, share_writes=False, share_resize=True)


def test_locks_move_to_the_file_that_is_opened_anew(nodes: BlockNodes, tmp_path: Path) -> None:
    a, b = hold(nodes, "a"), hold(nodes, "b")
    a.claim(writes=False, share_writes=False, share_resize=True)
    file = {"driver": "file", "node-name": "a", "filename": str(tmp_path / "image")}
    nodes.reopen([{**file, "read-only": True}])
    with pytest.raises(QmpError, match=r'^Failed to get "write" lock$'):
        b.claim(writes=True, share_writes=True, share_resize=True)


def test_a_file_system_without_locks_has_none(
    nodes: BlockNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr("qmp_iothreadd.machine.block.image_lock.fcntl.fcntl", refuse)
    for name in "ab":
        hold(nodes, name).claim(writes=True, share_writes=False, share_resize=True)


def test_a_hold_that_others_do_not_allow_is_none(nodes: BlockNodes) -> None:
    nodes.add({"driver": "null-co", "node-name": "n"})
    first, second = hold(nodes, "n"), hold(nodes, "n")
    first.claim(writes=True, share_writes=True, share_resize=True)
    second.claim(writes=True, share_writes=True, share_resize=True)
    second.remove()
    first.claim(writes=True, share_writes=False, share_resize=True)
    with pytest.raises(QmpError, match="Permission conflict on node 'n'"):
        second.insert(nodes.find("n"))
    assert second.node is None
    assert len(nodes.find("n").users) == 1
