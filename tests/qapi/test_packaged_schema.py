"""The schema that comes with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd.qapi import Schema, load_schema, packaged_schema
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qapi.schema import EnumType, ObjectType
from tests.recordings import introspection

OUR_COMMANDS = {"x-query-iothread-stats", "x-reset-iothread-stats", "x-query-workload-stats"}
QEMUS_UNSTABLE_TYPES = ["x-remote-object", "x-vfio-user-server"]

LATER = """
device-list-properties stop cont system_reset system_powerdown system_wakeup query-target
query-kvm query-cpus-fast query-jobs query-fdsets query-yank yank human-monitor-command
trace-event-get-state trace-event-set-state query-chardev-backends chardev-add chardev-change
chardev-remove chardev-send-break ringbuf-read ringbuf-write getfd closefd add-fd remove-fd
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
    assert {"x-poll-policy", "x-nice"} <= set(names[7:])
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


def test_what_qemu_does_not_have_is_unstable(schema: Schema) -> None:
    unstable = [
        command.name
        for command in schema.commands.values()
        if any(feature.name == "unstable" for feature in command.features)
    ]
    assert unstable == [name for name in schema.commands if name.startswith("x-")]


def test_out_of_band_is_for_yank_alone(schema: Schema) -> None:
    allowed = [command.name for command in schema.commands.values() if command.allow_oob]
    assert sorted(allowed) == ["query-yank", "yank"]


def test_commands_before_the_machine_exists_are_qemus(schema: Schema) -> None:
    later = [command.name for command in schema.commands.values() if not command.allow_preconfig]
    assert sorted(later) == sorted(LATER.split())


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
    assert packaged_schema_path() == str(beside)
    inside.parent.mkdir(parents=True)
    inside.touch()
    assert packaged_schema_path() == str(inside)


def test_every_file_of_the_folder_is_included(schema: Schema) -> None:
    folder = Path(packaged_schema_path()).parent
    assert {Path(file).name for file in schema.files} == {
        file.name for file in folder.glob("*.json")
    }
