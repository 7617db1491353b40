"""Devices that do something for a guest alone: without one, what is written to them is dropped."""

from __future__ import annotations

from typing import ClassVar, Final

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.null import Discarding
from qmp_iothreadd.qom.object import Property

_SPICE_CHANNELS: Final = ("vdagent", "smartcard", "usbredir")


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


class ChardevSpiceVMC(Discarding):
    """A channel to those who look at the guest from afar.

    ``data["type"]``: what it is for.
    """

    __slots__ = ()

    qom_name = "chardev-spicevmc"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()

    def open(self) -> None:
        """Check what it is for.

        Raises:
            QmpError: that is no kind of channel.
        """
        kind = self.data["type"]
        if kind not in _SPICE_CHANNELS:
            raise errors.spice_channel_unknown(kind, _SPICE_CHANNELS)
        super().open()


class ChardevVC(Discarding):
    """A text console, which no display shows."""

    __slots__ = ()

    qom_name = "chardev-vc"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()
