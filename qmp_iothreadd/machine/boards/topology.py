"""``-smp``: the topology of CPUs, computed and checked as QEMU's hw/core/machine-smp.c does."""

from __future__ import annotations

import math

from qmp_iothreadd import errors
from qmp_iothreadd.machine.boards.properties import LEVELS

# What every machine has; the other levels are to be 1 where a machine lacks them.
_COMMON = ("sockets", "cores", "threads")
# The order in which unsupported levels are refused.
_OPTIONAL = ("modules", "clusters", "dies", "books", "drawers")


def check_topology(
    given: dict[str, int], machine: str, maximum: int, supported: tuple[str, ...]
) -> dict[str, int]:
    """The whole topology that ``given`` asks for, with ``cpus`` and ``maxcpus``.

    ``supported`` names the levels that the machine has beside sockets, cores and threads, and
    ``maximum`` is how many CPUs it can have.

    Raises:
        QmpError: it makes no sense, or is more than the machine can have.
    """
    if 0 in given.values():
        raise errors.no_cpus()
    counts = dict.fromkeys(LEVELS, 0) | given
    for level in _OPTIONAL:
        if level not in supported and counts[level] > 1:
            raise errors.cpu_level_unsupported(level)
        counts[level] = counts[level] or 1
    maxcpus = counts.get("maxcpus", 0) or counts.get("cpus", 0)
    _fill_in(counts, maxcpus)
    total = _product(counts)
    maxcpus = maxcpus or total
    cpus = counts.get("cpus", 0) or maxcpus
    if total != maxcpus:
        raise errors.cpu_product_mismatch(_hierarchy(counts, supported), maxcpus)
    if maxcpus < cpus:
        raise errors.too_few_maxcpus(_hierarchy(counts, supported), maxcpus, cpus)
    if not 0 < maxcpus <= maximum:
        raise errors.too_many_cpus(maxcpus, machine, maximum)
    return counts | {"cpus": cpus, "maxcpus": maxcpus}


def _fill_in(counts: dict[str, int], maxcpus: int) -> None:
    """Compute the levels left out: cores are preferred to sockets, and both to threads."""
    missing = [level for level in ("cores", "sockets", "threads") if not counts[level]]
    if maxcpus == 0:
        counts.update(dict.fromkeys(missing, 1))
        return
    if not missing:
        return
    computed, *others = missing
    counts.update(dict.fromkeys(others, 1))
    counts[computed] = 1
    counts[computed] = maxcpus // _product(counts)


def _product(counts: dict[str, int]) -> int:
    return math.prod(counts[level] for level in LEVELS)


def _hierarchy(counts: dict[str, int], supported: tuple[str, ...]) -> str:
    shown = [level for level in LEVELS if level in _COMMON or level in supported]
    return " * ".join(f"{level} ({counts[level]})" for level in shown)
