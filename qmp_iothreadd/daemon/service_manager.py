"""Readiness, as the service manager (systemd) wants to be told: sd_notify(3)."""

from __future__ import annotations

import socket

from qmp_iothreadd.daemon.standard_streams import say


def notify_ready(address: str) -> None:
    """Tell ``address`` (``$NOTIFY_SOCKET``: a path, or ``@`` and an abstract name) of readiness."""
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        try:
            notify.sendto(b"READY=1", address)
        except OSError as error:
            say(f"cannot notify the service manager: {error}\n")
