"""The commands of block nodes, of jobs, and of disks that a guest would have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qmp_iothreadd.testing import MemoryClient


def error(client: MemoryClient, command: str, arguments: dict[str, Any] | None = None) -> Any:
    return client.request(command, arguments)["error"]


def add_null(client: MemoryClient, name: str = "n0") -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": name})


def statuses(messages: list[dict[str, Any]]) -> list[str]:
    return [each["data"]["status"] if "event" in each else "reply" for each in messages]


# -- Nodes ----------------------------------------------------------------------------------------


def test_a_node_exists_until_it_is_deleted(client: MemoryClient) -> None:
    add_null(client)
    (found,) = client.execute("query-named-block-nodes")
    assert (found["node-name"], found["drv"]) == ("n0", "null-co")
    assert client.execute("query-block") == []
    assert len(client.execute("query-blockstats", {"query-nodes": True})) == 1
    assert client.execute("x-debug-query-block-graph")["nodes"] == [
        {"id": 1, "type": "block-driver", "name": "n0"}
    ]
    client.execute("blockdev-del", {"node-name": "n0"})
    assert client.execute("query-named-block-nodes") == []


def test_an_iothread_goes_although_a_node_is_in_it(client: MemoryClient) -> None:
    client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
    add_null(client)
    client.execute("x-blockdev-set-iothread", {"node-name": "n0", "iothread": "io0"})
    client.execute("object-del", {"id": "io0"})
    client.execute("x-blockdev-set-iothread", {"node-name": "n0", "iothread": None})


def test_bitmaps_and_a_transaction_that_undoes(client: MemoryClient) -> None:
    add_null(client)
    client.execute("block-dirty-bitmap-add", {"node": "n0", "name": "b", "disabled": True})
    actions = [
        {"type": "block-dirty-bitmap-enable", "data": {"node": "n0", "name": "b"}},
        {"type": "block-dirty-bitmap-add", "data": {"node": "n0", "name": "c"}},
        {"type": "abort", "data": {}},
    ]
    found = error(client, "transaction", {"actions": actions})
    assert found["desc"] == "Transaction aborted using Abort action"
    (node,) = client.execute("query-named-block-nodes")
    assert [(each["name"], each["recording"]) for each in node["dirty-bitmaps"]] == [("b", False)]
    client.execute("transaction", {"actions": actions[:2]})
    (node,) = client.execute("query-named-block-nodes")
    assert [each["name"] for each in node["dirty-bitmaps"]] == ["c", "b"]
    digest = client.execute("x-debug-block-dirty-bitmap-sha256", {"node": "n0", "name": "b"})
    empty = "e5a00aa9991ac8a5ee3109844d84a55583bd20572ad3ffcd42792f3c36b183ad"
    assert digest == {"sha256": empty}


@pytest.mark.parametrize(
    ("size", "granularity", "digest"),
    [
        (4 << 30, None, "9f1dcbc35c350d6027f98be0f5c8b43b42ca52b7604459c0c42be3aa88913d47"),
        (
            (9 << 30) + 12345 * 512,
            None,
            "94ee080960887c41204238d3ca0269e6983f351a6b6a2defd83b44bf4e7f6778",
        ),
        (
            (9 << 30) + 12345 * 512,
            4096,
            "25a366213d0fd7d1b52c77ca6c8d9459e29b27c354a2e433337a66adc49724fa",
        ),
    ],
)
def test_the_digest_of_a_large_bitmap_is_qemus(
    client: MemoryClient, size: int, granularity: int | None, digest: str
) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n0", "size": size})
    bitmap = {"node": "n0", "name": "b"}
    chosen = {} if granularity is None else {"granularity": granularity}
    client.execute("block-dirty-bitmap-add", bitmap | chosen)
    assert client.execute("x-debug-block-dirty-bitmap-sha256", bitmap) == {"sha256": digest}


# -- Jobs -----------------------------------------------------------------------------------------


def test_a_job_fails_after_its_command_was_answered(client: MemoryClient) -> None:
    arguments = {"job-id": "j", "tag": "t", "vmstate": "n", "devices": ["n"]}
    messages = client.send({"execute": "snapshot-save", "arguments": arguments})
    assert statuses(messages) == ["created", "running", "reply", "aborting", "concluded"]
    (job,) = client.execute("query-jobs")
    assert job["error"] == "No block device node 'n'"
    assert error(client, "job-cancel", {"id": "j"})["desc"] == (
        "Job 'j' in state 'concluded' cannot accept command verb 'cancel'"
    )
    messages = client.send({"execute": "job-dismiss", "arguments": {"id": "j"}})
    assert statuses(messages) == ["null", "reply"]
    assert error(client, "job-dismiss", {"id": "j"})["desc"] == "Job not found"


def test_a_snapshot_stops_the_machine_before_it_cannot_be_loaded(client: MemoryClient) -> None:
    arguments = {"job-id": "j", "tag": "t", "vmstate": "n", "devices": []}
    client.execute("snapshot-load", arguments)
    assert client.execute("query-status") == {"running": False, "status": "restore-vm"}
    (job,) = client.execute("query-jobs")
    assert job["error"] == "At least one device is required for snapshot"


@pytest.mark.parametrize(("id", "message"), [("9", "Invalid job ID '9'"), ("a", "already in use")])
def test_an_id_of_a_job(client: MemoryClient, id: str, message: str) -> None:
    arguments = {"tag": "t", "vmstate": "n", "devices": ["n"]}
    client.execute("snapshot-save", {"job-id": "a", **arguments})
    assert message in error(client, "snapshot-save", {"job-id": id, **arguments})["desc"]
    assert len(client.execute("query-jobs")) == 1


def test_a_file_is_made_by_a_job(client: MemoryClient, tmp_path: Path) -> None:
    for name, path in (("good", tmp_path / "new"), ("bad", tmp_path / "no" / "new")):
        options = {"driver": "file", "filename": str(path), "size": 4096}
        client.execute("blockdev-create", {"job-id": name, "options": options})
    assert (tmp_path / "new").stat().st_size == 4096
    bad, good = client.execute("query-jobs")
    assert "error" not in good
    assert bad["error"] == f"Could not create '{tmp_path}/no/new': No such file or directory"
    options = {"driver": "file", "filename": str(tmp_path / "new"), "size": -1}
    client.execute("blockdev-create", {"job-id": "huge", "options": options})
    assert client.execute("query-jobs")[0]["error"] == "Could not resize file: Invalid argument"


@pytest.mark.parametrize("size", [0, 4096])
def test_a_file_that_has_no_size_is_not_resized(client: MemoryClient, size: int) -> None:
    options = {"driver": "file", "filename": "/dev/null", "size": size}
    client.execute("blockdev-create", {"job-id": "j", "options": options})
    (job,) = client.execute("query-jobs")
    assert (job["status"], job["error"]) == (
        "concluded",
        "Could not resize file: Invalid argument",
    )


# -- What is not there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "arguments", "class_", "message"),
    [
        ("eject", {"device": "d"}, "DeviceNotFound", "Device 'd' not found"),
        ("eject", {}, "GenericError", "Need exactly one of 'device' and 'id'"),
        ("block-job-cancel", {"device": "d"}, "DeviceNotActive", "Block job 'd' not found"),
        (
            "block_resize",
            {"node-name": "zz", "size": 1},
            "GenericError",
            "Cannot find device='' nor node-name='zz'",
        ),
        (
            "blockdev-snapshot-sync",
            {"device": "zz", "snapshot-file": "s"},
            "GenericError",
            "Cannot find device='zz' nor node-name=''",
        ),
        (
            "block-export-add",
            {"type": "nbd", "id": "e", "node-name": "n0"},
            "GenericError",
            "NBD server not running",
        ),
        ("block-commit", {"device": "n0"}, "GenericError", "cannot commit an image into itself"),
        ("x-blockdev-change", {"parent": "n0"}, "GenericError", "Either child or node must be"),
        (
            "x-blockdev-amend",
            {"job-id": "j", "node-name": "n0", "options": {"driver": "null-co"}},
            "GenericError",
            "Driver does not support x-blockdev-amend",
        ),
    ],
)
def test_refusals(
    client: MemoryClient, command: str, arguments: dict[str, Any], class_: str, message: str
) -> None:
    add_null(client)
    found = error(client, command, arguments)
    assert found["class"] == class_
    assert message in found["desc"]
