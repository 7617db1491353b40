"""Jobs, copies and snapshots that people ask for: what QEMU says where there are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qmp_iothreadd.testing import MemoryClient

Say = Callable[[str], str]

NO_SUCH = "Cannot find device='nope' nor node-name='nope'"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("block_stream nope", NO_SUCH),
        ("block_job_cancel n", "Block job 'n' not found"),
        ("block_job_cancel -f n", "Block job 'n' not found"),
        ("block_job_complete n", "Block job 'n' not found"),
        ("block_job_pause n", "Block job 'n' not found"),
        ("block_job_resume n", "Block job 'n' not found"),
        ("block_job_set_speed n 1", "Block job 'n' not found"),
        ("drive_mirror nope /x", NO_SUCH),
        ("drive_mirror n /x", "Format driver 'null-co' does not support image creation"),
        ("drive_backup nope /x", NO_SUCH),
        ("drive_backup -c n /x", "Format driver 'null-co' does not support image creation"),
        ("snapshot_blkdev n", "Parameter 'snapshot-file' is missing"),
        ("snapshot_blkdev n /x", "Cannot find device='n' nor node-name=''"),
        ("snapshot_blkdev nope /x", "Cannot find device='nope' nor node-name=''"),
        ("snapshot_blkdev_internal nope x", NO_SUCH),
        (
            "snapshot_blkdev_internal n x",
            "Block format 'null-co' used by device 'n' does not support internal snapshots",
        ),
        ("snapshot_delete_blkdev_internal nope x", NO_SUCH),
        (
            "snapshot_delete_blkdev_internal n x",
            "Failed to get a snapshot list: Operation not supported",
        ),
    ],
)
def test_what_cannot_be_done_to_a_node_is_refused(
    client: MemoryClient, say: Say, line: str, said: str
) -> None:
    client.execute("blockdev-add", {"driver": "null-co", "node-name": "n"})
    assert say(line) == f"Error: {said}\n"
    assert client.execute("query-jobs") == []
