"""The device that nobody is behind."""

from __future__ import annotations

from typing import ClassVar

from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.qom.object import Property


class ChardevNull(Chardev):
    """Nothing ever comes, and what goes there is gone."""

    __slots__ = ()

    qom_name = "chardev-null"
    abstract = False
    qom_properties: ClassVar[tuple[Property, ...]] = ()
