"""The types of accelerators: TCG is the one that machines have, and management looks for it.

libvirt 9.0 starts no domain unless it finds ``tcg-accel`` among the types.
"""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.qom.object import Object, Property


class Accel(Object):
    """What runs a guest's instructions."""

    __slots__ = ()

    qom_name = "accel"
    abstract = True


class TcgAccel(Accel):
    """The accelerator that needs nothing of the host.

    Its properties are checked where ``-accel`` sets them (``cli/machine_checks.py``).
    """

    __slots__ = ()

    qom_name = "tcg-accel"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = (
        Property("thread", "string"),
        Property("tb-size", "int", description="TCG translation block cache size"),
        Property("split-wx", "bool", description="Map jit pages into separate RW and RX regions"),
        Property(
            "one-insn-per-tb",
            "bool",
            description="Only put one guest insn in each translation block",
        ),
    )
