"""Objects that own a character device, and have nothing to say to who is at its other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qmp_iothreadd import errors
from qmp_iothreadd.chardev.chardev import Chardev
from qmp_iothreadd.chardev.frontend import FrontendProtocol
from qmp_iothreadd.qom.object import Object

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.frontend import Frontend


class SilentProtocol(FrontendProtocol):
    """Ignores what a peer says."""

    def cut_off(self) -> None:
        """There is nothing to write before the end."""


class SilentFrontend:
    """The front end of a device that is held; ``is_open`` is what query-chardev says of it."""

    wants_keys = False
    multi_client = False

    def __init__(self, is_open: bool = True) -> None:
        self.is_open = is_open

    def connect(self) -> FrontendProtocol:
        """A protocol for a new peer."""
        return SilentProtocol()


def take_chardev(user: Object, name: str) -> Callable[[], None]:
    """Attach to the character device ``name`` on behalf of an object in the tree.

    What is returned lets the device go again.

    Raises:
        QmpError: DeviceNotFound, or another one has it.
    """
    root = user
    while root.parent is not None:
        root = root.parent
    chardevs = root.child("chardevs")
    found = chardevs.child(name) if chardevs else None
    if not isinstance(found, Chardev):
        raise errors.device_not_found(name)
    frontend: Frontend = SilentFrontend()
    found.attach(frontend)
    return lambda: found.detach(frontend)
