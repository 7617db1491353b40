"""What uses a character device: a monitor, or a device that several others share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING


class DescriptorProtocol(asyncio.Protocol):
    """A protocol that is told of descriptors, too."""

    def descriptors_received(self, fds: list[int]) -> None:
        """Descriptors came with the data that follows; they are ours from now on."""
        close_all(fds)


def close_all(fds: Iterable[int]) -> None:
    """Close descriptors that nobody wants."""
    for fd in fds:
        os.close(fd)


class FrontendProtocol(DescriptorProtocol):
    """The front end's side of one peer, as asyncio has it.

    ``connection_lost`` says that the peer is gone, or that the device was taken away from the front
    end: the transport is not its own any more. The peer may then still be there.
    """

    def cut_off(self) -> None:
        """Write what is answered already, then close at once: somebody yanks the connection."""
        raise NotImplementedError

    def input_ended(self) -> None:
        """Nothing more will be read; what is written still goes somewhere (standard output)."""

    def focus_changed(self, focused: bool) -> None:
        """A multiplexer gives the keyboard to the front end, or is about to give it to another."""


if TYPE_CHECKING:  # making such a class takes time that the greeting waits for
    from typing import Protocol

    class Frontend(Protocol):
        """Who is attached to a device.

        ``wants_keys``: it shows what is typed, so that a terminal is to hand over each key.
        ``multi_client``: it takes all peers at once that a device can have. ``is_open``: whether it
        is ready for peers, as query-chardev shows it.
        """

        wants_keys: bool
        multi_client: bool

        @property
        def is_open(self) -> bool:
            """See above."""

        def connect(self) -> FrontendProtocol:
            """A protocol for a new peer."""
