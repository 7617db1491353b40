"""The schema that comes with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.qapi import Schema, load_schema, packaged_schema
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.schema import EnumType, ObjectType
from qmp_iothreadd.scripting.control import is_control
from tests.recordings import introspection

OUR_COMMANDS = {"x-query-iothread-stats", "x-reset-iothread-stats", "x-query-workload-stats"} | {
    *("x-guest-act", "x-record-iothread", "x-stop-iothread-recording")
}
QEMUS_UNSTABLE_TYPES = ["x-remote-object", "x-vfio-user-server"]

#: What QEMU 7.2 allows before the machine exists, later commands of the same kind, and ours.
EARLY = """
block-commit block-dirty-bitmap-add block-dirty-bitmap-clear block-dirty-bitmap-disable
block-dirty-bitmap-enable block-dirty-bitmap-merge block-dirty-bitmap-remove block-export-add
block-export-del block-job-cancel block-job-change block-job-complete block-job-dismiss
block-job-finalize block-job-pause block-job-resume block-job-set-speed
block-latency-histogram-set block-set-write-threshold block-stream block_resize
block_set_io_throttle blockdev-add blockdev-backup blockdev-create blockdev-del blockdev-mirror
blockdev-reopen blockdev-set-active blockdev-snapshot blockdev-snapshot-delete-internal-sync
blockdev-snapshot-internal-sync blockdev-snapshot-sync change-backing-file drive-backup
drive-mirror nbd-server-add nbd-server-remove nbd-server-start nbd-server-stop netdev_add
netdev_del object-add object-del qmp_capabilities qom-get qom-list qom-list-get
qom-list-properties qom-list-types qom-set query-block query-block-exports query-block-jobs
query-blockstats query-chardev query-command-line-options query-commands query-hotpluggable-cpus
query-iothreads query-memdev query-name query-named-block-nodes query-pr-managers query-qmp-schema
query-status query-uuid query-version quit set-action set-numa-node x-blockdev-amend
x-blockdev-change x-blockdev-set-iothread x-debug-block-dirty-bitmap-sha256
x-debug-query-block-graph x-exit-preconfig x-query-iothread-stats x-query-workload-stats
x-record-iothread x-reset-iothread-stats x-stop-iothread-recording
"""


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema(packaged_schema_path())


def test_commands_and_events_are_qemus_or_our_own(schema: Schema) -> None:
    known = {info["name"] for info in introspection()}
    assert schema.commands.keys() - known >= OUR_COMMANDS
    assert all(name.startswith("x-") for name in schema.commands.keys() - known)
    assert all(name.startswith("X_") for name in schema.events.keys() - known)


def test_an_iothread_inherits_the_event_loops_members(schema: Schema) -> None:
    iothread = schema.types["IothreadProperties"]
    assert isinstance(iothread, ObjectType)
    names = [member.name for member in iothread.members]
    assert names[:7] == [
        "aio-max-batch",
        "thread-pool-min",
        "thread-pool-max",
        "poll-max-ns",
        "poll-grow",
        "poll-shrink",
        "poll-weight",
    ]
    assert {"x-poll-policy", "x-fdmon", "x-nice", "x-cpus"} <= set(names[7:])
    assert all(name.startswith("x-") for name in names[7:])
    assert iothread.base is schema.types["EventLoopBaseProperties"]


def test_every_object_type_of_qemu_is_named_and_more_of_our_own(schema: Schema) -> None:
    object_type = schema.types["ObjectType"]
    assert isinstance(object_type, EnumType)
    unstable = [value.name for value in object_type.members if value.features]
    assert unstable[:2] == QEMUS_UNSTABLE_TYPES
    assert "x-workload" in unstable[2:]
    assert all(name.startswith("x-") for name in unstable)
    assert len(object_type.members) - len(unstable[2:]) == 52


def test_what_begins_with_x_is_unstable(schema: Schema) -> None:
    for command in schema.commands.values():
        features = [feature.name for feature in command.features]
        assert "unstable" in features or not command.name.startswith("x-")


def test_out_of_band_is_for_what_ends_a_hang(schema: Schema) -> None:
    allowed = [command.name for command in schema.commands.values() if command.allow_oob]
    assert sorted(allowed) == ["migrate-pause", "migrate-recover", "query-yank", "yank"]


def test_commands_before_the_machine_exists_are_qemus(schema: Schema) -> None:
    early = [command.name for command in schema.commands.values() if command.allow_preconfig]
    scripting = [name for name in early if is_control(schema.commands[name])]
    assert sorted(early) == sorted(EARLY.split() + scripting)


def test_everything_is_documented(schema: Schema) -> None:
    entities = [entity for entity in schema.definitions.values() if entity.info]
    explicit = [entity for entity in entities if not entity.name.startswith("q_obj_")]
    assert [
        entity.name for entity in explicit if not entity.doc and "List" not in entity.name
    ] == []


def test_an_installed_package_has_the_schema_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged_schema, "__file__", str(tmp_path / "package" / "qapi" / "x.py"))
    beside, inside = (
        tmp_path / place / "qapi-schema.json" for place in ("schema", "package/schema")
    )
    find = packaged_schema_path.__wrapped__  # the answer of this process is kept
    assert find() == str(beside)
    inside.parent.mkdir(parents=True)
    inside.touch()
    assert find() == str(inside)


def test_every_file_of_the_folder_is_included(schema: Schema) -> None:
    folder = Path(packaged_schema_path()).parent
    assert {Path(file).name for file in schema.files} == {
        file.name for file in folder.glob("*.json")
    }
