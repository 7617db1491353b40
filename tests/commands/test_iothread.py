"""query-iothreads: the members that the served schema has, with the values in force."""

from __future__ import annotations

import shutil
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


def test_the_package_has_the_engines_classes_and_no_others() -> None:
    assert iothread.AioContext is _engine.AioContext
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        iothread.Nope  # noqa: B018
