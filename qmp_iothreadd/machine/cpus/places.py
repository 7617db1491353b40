"""Where CPUs are: the places of a topology, and their APIC ids, as on an x86 board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from qmp_iothreadd import errors

UNSET: Final = -1
"""The number of a level that nobody gave."""

UNSET_APIC_ID: Final = 2**32 - 1


class Level(NamedTuple):
    """A level of the topology: the property with a CPU's number, and the member that counts it.

    One that is ``optional`` is named only where there are several of it.
    """

    property: str
    word: str
    counted_by: str
    optional: bool = False


LEVELS: Final = (
    Level("socket-id", "socket", "sockets"),
    Level("die-id", "die", "dies", optional=True),
    Level("module-id", "module", "modules", optional=True),
    Level("core-id", "core", "cores"),
    Level("thread-id", "thread", "threads"),
)
"""From the largest to the smallest."""


class Topology:
    """The places for the CPUs of one machine. ``smp`` is an SMPConfiguration with all members.

    A place has an index, from 0; its numbers, one for each of ``LEVELS``; and an APIC id, which is
    made of these, each in as many bits as its level needs.
    """

    def __init__(self, smp: Mapping[str, int]) -> None:
        self.count = smp["maxcpus"]
        self._counts = [smp.get(level.counted_by, 1) for level in LEVELS]
        self._bits = [(count - 1).bit_length() for count in self._counts]

    def numbers(self, index: int) -> list[int]:
        """The numbers of the place ``index``."""
        found = []
        for count in reversed(self._counts[1:]):
            index, number = divmod(index, count)
            found.append(number)
        return [index, *reversed(found)]

    def apic_id(self, numbers: list[int]) -> int:
        """The APIC id of the place with these numbers."""
        found = 0
        for number, bits in zip(numbers, self._bits, strict=True):
            found = found << bits | number
        return found

    def numbers_of(self, apic_id: int) -> list[int]:
        """The numbers that an APIC id is made of; there may be no such place."""
        found = []
        for bits in reversed(self._bits[1:]):
            found.append(apic_id & ((1 << bits) - 1))
            apic_id >>= bits
        return [apic_id, *reversed(found)]

    def index(self, numbers: list[int]) -> int | None:
        """The index of the place with these numbers; None where there is no such place."""
        found = 0
        for number, count in zip(numbers[1:], self._counts[1:], strict=True):
            if number >= count:
                return None
        for number, count in zip(numbers, self._counts, strict=True):
            found = found * count + number
        return found if found < self.count else None

    def properties(self, index: int) -> dict[str, int]:
        """A place as a CpuInstanceProperties."""
        return {
            level.property: number
            for level, count, number in zip(LEVELS, self._counts, self.numbers(index), strict=True)
            if count > 1 or not level.optional
        }

    def check(self, given: list[int]) -> list[int]:
        """The whole place that the numbers ``given``, some of them ``UNSET``, stand for.

        Raises:
            QmpError: a number is missing or too large. The first such is said.
        """
        return [
            self._check_number(level, number, most)
            for level, number, most in zip(LEVELS, given, self._largest(), strict=True)
        ]

    def _check_number(self, level: Level, number: int, most: int) -> int:
        if number < 0 and level.optional and not most:
            return 0
        if number < 0:
            raise errors.cpu_id_not_set(level.property)
        if number > most:
            raise errors.cpu_id_out_of_range(level.property, number, most)
        return number

    def _largest(self) -> Iterator[int]:
        yield self.numbers(self.count - 1)[0]
        for count in self._counts[1:]:
            yield count - 1
