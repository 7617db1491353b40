"""VNC and SPICE displays that the command line asks for: nobody is let in, but they have passwords.

libvirt sets and expires a display's password before it starts the CPUs, and gives up where that
fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine


class RemoteDisplays:
    """``vnc``: by id, whether a password is asked for. ``has_spice``: whether there is SPICE."""

    def __init__(self, machine: Machine) -> None:
        self.vnc: dict[str, bool] = {}
        self.has_spice = False

    def vnc_asks_password(self, name: str | None) -> bool | None:
        """Whether that display, or the first one, asks for a password; None: there is none."""
        if name is None:
            return next(iter(self.vnc.values()), None)
        return self.vnc.get(name)

    def close(self) -> None:
        """They hold nothing that would have to be given back."""
