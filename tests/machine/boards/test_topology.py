"""``-smp``: what is left out, and what makes no sense. Compared with QEMU 7.2's answers."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.boards.topology import check_topology

PC = ("dies", "modules")
MACHINE = "pc-i440fx-11.1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"sockets": 1, "cores": 1, "threads": 1, "cpus": 1, "maxcpus": 1}),
        ({"cpus": 4}, {"sockets": 1, "cores": 4, "threads": 1, "cpus": 4, "maxcpus": 4}),
        ({"cpus": 4, "sockets": 2}, {"sockets": 2, "cores": 2, "threads": 1}),
        ({"cpus": 4, "cores": 2}, {"sockets": 2, "cores": 2, "threads": 1}),
        ({"cpus": 4, "cores": 2, "sockets": 1}, {"threads": 2}),
        ({"cpus": 6, "threads": 2}, {"sockets": 1, "cores": 3, "threads": 2}),
        ({"sockets": 3}, {"cores": 1, "threads": 1, "cpus": 3, "maxcpus": 3}),
        ({"cpus": 1, "maxcpus": 8, "dies": 2}, {"dies": 2, "cores": 4, "cpus": 1, "maxcpus": 8}),
        ({"cpus": 2, "sockets": 1, "cores": 2, "threads": 1}, {"maxcpus": 2, "modules": 1}),
    ],
)
def test_what_is_left_out_is_computed(given: dict[str, int], expected: dict[str, int]) -> None:
    found = check_topology(given, MACHINE, 255, PC)
    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cpus": 0}, "CPU topology parameters must be greater than zero"),
        (
            {"cpus": 4, "sockets": 2, "cores": 1, "threads": 1},
            r"product of the hierarchy must match maxcpus: sockets \(2\) \* dies \(1\) \* "
            r"modules \(1\) \* cores \(1\) \* threads \(1\) != maxcpus \(4\)",
        ),
        (
            {"cpus": 5, "maxcpus": 4},
            r"maxcpus must be equal to or greater than smp: .* == maxcpus \(4\) < smp_cpus \(5\)",
        ),
        (
            {"maxcpus": 300},
            "Invalid SMP CPUs 300. The max CPUs supported by machine 'pc-i440fx-11.1' is 255",
        ),
        ({"drawers": 2}, "drawers > 1 not supported by this machine's CPU topology"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, int], message: str) -> None:
    with pytest.raises(QmpError, match=message):
        check_topology(given, MACHINE, 255, PC)
