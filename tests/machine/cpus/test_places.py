"""Places of a topology: their numbers, their APIC ids, and which of them there are not."""

from __future__ import annotations

import pytest

from qmp_iothreadd.errors import QmpError
from qmp_iothreadd.machine.cpus.places import Topology


def topology(maxcpus: int, **counts: int) -> Topology:
    return Topology({"maxcpus": maxcpus, **counts})


@pytest.mark.parametrize(
    ("found", "numbers", "apic_ids"),
    [
        (topology(1), [[0, 0, 0, 0, 0]], [0]),
        (topology(2, sockets=2), [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0]], [0, 1]),
        (
            topology(4, sockets=2, cores=2),
            [[0, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 0], [1, 0, 0, 1, 0]],
            [0, 1, 2, 3],
        ),
        (
            topology(6, sockets=2, dies=1, modules=1, cores=3, threads=1),
            [[socket, 0, 0, core, 0] for socket in (0, 1) for core in (0, 1, 2)],
            [0, 1, 2, 4, 5, 6],  # three need two bits
        ),
        (
            topology(8, sockets=1, dies=2, modules=2, cores=1, threads=2),
            [[0, die, module, 0, t] for die in (0, 1) for module in (0, 1) for t in (0, 1)],
            [0, 1, 2, 3, 4, 5, 6, 7],
        ),
    ],
)
def test_each_place_has_numbers_and_an_apic_id(
    found: Topology, numbers: list[list[int]], apic_ids: list[int]
) -> None:
    assert [found.numbers(index) for index in range(found.count)] == numbers
    assert [found.apic_id(each) for each in numbers] == apic_ids
    assert [found.numbers_of(each) for each in apic_ids] == numbers
    assert [found.index(each) for each in numbers] == [*range(found.count)]
    assert [found.check(each) for each in numbers] == numbers


def test_what_there_is_one_of_is_not_named_where_it_need_not_be() -> None:
    assert topology(2, cores=2).properties(1) == {"socket-id": 0, "core-id": 1, "thread-id": 0}
    assert topology(2, dies=2).properties(1) == {
        "socket-id": 0,
        "die-id": 1,
        "core-id": 0,
        "thread-id": 0,
    }
    assert topology(2, modules=2).properties(1)["module-id"] == 1
    assert topology(2, cores=2).check([0, -1, -1, 1, 0]) == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([-1, 0, 0, 0, 0], "CPU socket-id is not set"),
        ([0, -1, 0, 0, 0], "CPU die-id is not set"),
        ([0, 0, 0, -1, 0], "CPU core-id is not set"),
        ([0, 0, 0, 0, -1], "CPU thread-id is not set"),
        ([2, 0, 0, 0, 0], "Invalid CPU socket-id: 2 must be in range 0:1"),
        ([0, 2, 0, 0, 0], "Invalid CPU die-id: 2 must be in range 0:1"),
        ([0, 0, 1, 0, 0], "Invalid CPU module-id: 1 must be in range 0:0"),
        ([0, 0, 0, 3, 0], "Invalid CPU core-id: 3 must be in range 0:2"),
        ([0, 0, 0, 0, 1], "Invalid CPU thread-id: 1 must be in range 0:0"),
    ],
)
def test_a_place_that_there_is_not_is_refused(given: list[int], text: str) -> None:
    with pytest.raises(QmpError) as caught:
        topology(12, sockets=2, dies=2, cores=3).check(given)
    assert caught.value.desc == text


@pytest.mark.parametrize("apic_id", [3, 7, 8, 2**32 - 2])
def test_an_apic_id_may_stand_for_no_place(apic_id: int) -> None:
    found = topology(6, sockets=2, cores=3)
    assert found.index(found.numbers_of(apic_id)) is None
