"""Lines about CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.hmp.plain_session import PlainSession
from qmp_iothreadd.machine.boards.numa import NumaNode, NumaNodes
from qmp_iothreadd.machine.monitors import Monitor
from qmp_iothreadd.testing import MemoryClient, make_machine

_NO_REGISTERS = "The CPUs execute nothing, and have no registers"


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    smp = {"cpus": 2, "maxcpus": 4, "sockets": 2, "dies": 2, "cores": 1}
    machine = make_machine(machine_type="q35", properties={"smp": smp})
    with MemoryClient(machine) as client:
        client.negotiate()
        yield client
    machine.close()


def hmp(client: MemoryClient, line: str, cpu_index: int | None = None) -> list[str]:
    arguments = {"command-line": line} | ({} if cpu_index is None else {"cpu-index": cpu_index})
    text: str = client.execute("human-monitor-command", arguments)
    return text.splitlines()


def test_a_line_is_about_one(client: MemoryClient) -> None:
    first, second = [each["thread-id"] for each in client.execute("query-cpus-fast")]
    lines = [f"* CPU #0: thread_id={first}", f"  CPU #1: thread_id={second}"]
    assert hmp(client, "info cpus") == lines
    assert hmp(client, "cpu 1") == []
    assert hmp(client, "info cpus") == lines  # each line has a monitor of its own
    lines = [f"  CPU #0: thread_id={first}", f"* CPU #1: thread_id={second}"]
    assert hmp(client, "info cpus", 1) == lines
    assert hmp(client, "cpu 9") == ["invalid CPU index"]
    arguments = {"command-line": "info cpus", "cpu-index": 9}
    error = client.request("human-monitor-command", arguments)["error"]
    assert error["desc"] == "Parameter 'cpu-index' expects a CPU number"


def test_none_has_turned_paging_on(client: MemoryClient) -> None:
    for line in ("info mem", "info tlb"):
        assert hmp(client, line) == ["PG disabled"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("info registers", _NO_REGISTERS),
        ("info registers -a", _NO_REGISTERS),
        ("info registers 1", _NO_REGISTERS),
        ("info registers 2", "CPU#2 not available"),
        ("info lapic", _NO_REGISTERS),
        ("info lapic 1", _NO_REGISTERS),
        ("info lapic 2", "No CPU available"),
        ("mce 0 0 0 0 0 0", _NO_REGISTERS),
        ("gdbserver", "gdbstub: meaningless to attach gdb to CPUs that execute nothing."),
        ("x/4x 16", "0000000000000010: Cannot access memory"),
        ("gva2gpa 0", "gpa: 0"),
        ("gva2gpa 4096", "gpa: 0x1000"),
        ('memsave 0 0x7fffffff "/no/where"', "Error: Invalid addr 0x0000000000000000/size"),
    ],
)
def test_none_has_executed_anything(client: MemoryClient, line: str, said: str) -> None:
    [found] = hmp(client, line)
    assert found.startswith(said)


def test_memory_is_where_a_cpu_sees_it(client: MemoryClient, tmp_path: Path) -> None:
    path = tmp_path / "memory"
    assert hmp(client, f'memsave 4096 8 "{path}"', 1) == []
    assert path.read_bytes() == bytes(8)
    arguments = {"val": 0, "size": 1, "filename": str(path), "cpu-index": 2}
    error = client.request("memsave", arguments)["error"]
    assert error["desc"] == "Parameter 'cpu-index' expects a CPU number"


def test_a_terminal_keeps_it(client: MemoryClient) -> None:
    monitor = client.monitor
    assert isinstance(monitor, Monitor)
    session = PlainSession(client.dispatcher, monitor)
    for line in (b"cpu 1\0", b"info cpus\0"):
        session.receive_data(line)
        session.step()
    assert b"* CPU #1" in session.data_to_send()


def test_places_are_shown(client: MemoryClient) -> None:
    assert hmp(client, "info hotpluggable-cpus")[:19] == [
        "Hotpluggable CPUs:",
        *('  type: "qemu64-x86_64-cpu"', '  vcpus_count: "1"', "  CPUInstance Properties:"),
        *('    socket-id: "1"', '    die-id: "1"', '    core-id: "0"', '    thread-id: "0"'),
        *('  type: "qemu64-x86_64-cpu"', '  vcpus_count: "1"', "  CPUInstance Properties:"),
        *('    socket-id: "1"', '    die-id: "0"', '    core-id: "0"', '    thread-id: "0"'),
        *('  type: "qemu64-x86_64-cpu"', '  vcpus_count: "1"'),
        '  qom_path: "/machine/unattached/device[2]"',
        "  CPUInstance Properties:",
    ]


def test_places_say_which_node_they_are_in(client: MemoryClient) -> None:
    client.machine.part(NumaNodes).nodes[0] = NumaNode(None, frozenset())
    assert hmp(client, "info hotpluggable-cpus").count('    node-id: "0"') == 4
