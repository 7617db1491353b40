"""query-iothreads: the members that the served schema has, with the values in force."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from qmp_iothreadd import iothread
from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.hmp.interpreter import execute
from qmp_iothreadd.hmp.session import HMPSession
from qmp_iothreadd.iothread import _engine
from qmp_iothreadd.qapi.packaged_schema import packaged_schema_path
from qmp_iothreadd.qmp.dispatch import Dispatcher
from qmp_iothreadd.testing.memory import MemoryClient, make_machine
from tests.monitors import human_monitor
from tests.waiting import wait_until

MEMBERS = {"poll-max-ns": 32768, "poll-grow": 2, "poll-shrink": 7, "poll-weight": 3}


def query(schema: str | None = None) -> tuple[dict[str, object], int]:
    """What is said of an iothread, and the id of its thread."""
    machine = make_machine(schema)
    try:
        with MemoryClient(machine) as client:
            client.negotiate()
            client.execute("object-add", {"qom-type": "iothread", "id": "io0", "poll-shrink": 7})
            (iothread,) = machine.iothreads()
            (info,) = client.execute("query-iothreads")
            return info, iothread.thread_id
    finally:
        machine.close()


def test_an_iothread_is_told_with_its_parameters() -> None:
    info, thread_id = query()
    assert info == {"id": "io0", "thread-id": thread_id, **MEMBERS, "aio-max-batch": 0}


def test_a_member_that_the_served_schema_lacks_is_left_out(tmp_path: Path) -> None:
    top = Path(packaged_schema_path())
    shutil.copytree(top.parent, tmp_path, dirs_exist_ok=True)
    served = tmp_path / "misc.json"
    text = served.read_text()
    comment = text[text.index("# @poll-weight") : text.index("# @aio-max-batch")]
    served.write_text(text.replace(comment, "").replace("            'poll-weight': 'int',\n", ""))
    whole, _ = query()
    info, _ = query(str(tmp_path / top.name))
    assert info.keys() == whole.keys() - {"poll-weight"}


def test_the_human_monitor_tells_them_where_the_schema_has_none(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text("{ 'command': 'guest-ping' }")
    machine = make_machine(str(schema))
    try:
        machine.add_object("iothread", "io0", {})
        shown = execute(HMPSession(Dispatcher(machine), human_monitor(machine)), "info iothreads")
    finally:
        machine.close()
    assert shown.startswith("io0:\n")
    assert "  poll-weight=3\n" in shown


def test_no_context_is_told_with_the_systems_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **more: object) -> None:
        raise OSError(24, "Too many open files")

    with MemoryClient() as client:
        client.negotiate()
        monkeypatch.setattr(_engine, "AioContext", fail)
        with pytest.raises(QmpError) as caught:
            client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        assert caught.value.desc == "Failed to initialize event notifier: Too many open files"
        assert client.execute("query-iothreads") == []


def test_the_main_loop_cannot_be_deleted() -> None:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "main-loop", "id": "ml"})
        with pytest.raises(QmpError, match="Deleting main loop 'ml' is not supported"):
            client.execute("object-del", {"id": "ml"})


def test_a_held_iothread_is_deleted_and_its_thread_ends_when_it_is_dropped() -> None:
    with MemoryClient() as client:
        client.negotiate()
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        (iothread,) = client.machine.iothreads()
        iothread.hold()
        iothread.hold()
        client.execute("object-del", {"id": "io0"})
        assert client.execute("query-iothreads") == []
        assert iothread.context is not None
        assert iothread.context.thread_id == iothread.thread_id
        iothread.drop()
        assert iothread.context.thread_id
        client.execute("object-add", {"qom-type": "iothread", "id": "io0"})
        iothread.drop()
        assert iothread.context is None
        assert len(client.execute("query-iothreads")) == 1


def test_an_iothreads_pool_has_the_sizes_of_its_properties() -> None:
    with MemoryClient() as client, tempfile.TemporaryFile() as file:
        client.negotiate()
        client.execute(
            "object-add",
            {"qom-type": "iothread", "id": "io0", "thread-pool-min": 3, "thread-pool-max": 5},
        )
        (iothread,) = client.machine.iothreads()
        assert iothread.context is not None
        file.truncate(1 << 20)
        queue = _engine.DiskQueue(_engine.Disk(file.fileno(), size=1 << 20), iothread.context)
        assert _engine.live_counters()["pool_workers"] == 0
        load = _engine.NativeWorkload(queue, interval_ns=0, depth=1)
        wait_until(lambda: _engine.live_counters()["pool_workers"] >= 3)
        path = {"path": "/objects/io0"}
        client.execute("qom-set", {**path, "property": "thread-pool-min", "value": 5})
        wait_until(lambda: _engine.live_counters()["pool_workers"] == 5)
        with pytest.raises(QmpError, match="bad thread-pool-min/thread-pool-max values"):
            client.execute("qom-set", {**path, "property": "thread-pool-max", "value": 1})
        client.execute("qom-set", {**path, "property": "thread-pool-min", "value": 0})
        wait_until(lambda: _engine.live_counters()["pool_workers"] == 1)
        done = load.stats()["completed"]
        wait_until(lambda: load.stats()["completed"] > done + 10)
        queue.close()


def test_the_package_has_the_engines_classes_and_no_others() -> None:
    assert iothread.AioContext is _engine.AioContext
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        iothread.Nope  # noqa: B018
