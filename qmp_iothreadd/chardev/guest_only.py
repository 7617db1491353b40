"""Devices that do something for a guest alone: without one, what is written to them is dropped."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.chardev.null import Discarding
from qmp_iothreadd.qom.object import Property


class ChardevTestdev(Discarding):
    """What a guest's tests end the emulator by."""

    __slots__ = ()

    qom_name = "chardev-testdev"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevMsmouse(Discarding):
    """A serial mouse."""

    __slots__ = ()

    qom_name = "chardev-msmouse"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevWctablet(Discarding):
    """A serial tablet."""

    __slots__ = ()

    qom_name = "chardev-wctablet"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevVDAgent(Discarding):
    """The agent that a guest shares its clipboard with."""

    __slots__ = ()

    qom_name = "chardev-qemu-vdagent"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()


class ChardevVC(Discarding):
    """A text console, which no display shows."""

    __slots__ = ()

    qom_name = "chardev-vc"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()
