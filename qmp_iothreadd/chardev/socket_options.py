"""The options of a socket besides its address: what goes together, and what they add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors

if TYPE_CHECKING:
    from qmp_iothreadd.chardev.chardev import Devices
    from qmp_iothreadd.chardev.frontend import DescriptorProtocol
    from qmp_iothreadd.chardev.tls import TLS


def check(data: Mapping[str, Any], address: Mapping[str, Any], *, server: bool) -> None:
    """Check what depends on other options; ``data`` is a ChardevSocket.

    Raises:
        QmpError: two options do not go together.
    """
    kind = address["type"]
    if kind == "fd" and "reconnect-ms" in data:
        raise errors.socket_option_and_address("reconnect-ms", "fd")
    if "tls-creds" in data:
        if kind == "fd" and not server:
            raise errors.socket_option_and_address("tls_creds", "fd", " as client")
        if kind in ("unix", "vsock"):
            raise errors.socket_option_and_address("tls_creds", kind)
    elif "tls-authz" in data:
        raise errors.tls_authz_without_creds()
    if server and "reconnect-ms" in data:
        raise errors.socket_option_misplaced("reconnect-ms", "server listen")
    if not server and data.get("websocket"):
        raise errors.websocket_client()
    if not server and "wait" in data:
        raise errors.socket_option_misplaced("wait", "client connect")


def find_tls(
    devices: Devices, data: Mapping[str, Any], address: Mapping[str, Any], *, server: bool
) -> TLS | None:
    """What TLS takes, where there is to be any.

    Raises:
        QmpError: the credentials cannot be used.
    """
    if "tls-creds" not in data:
        return None
    from qmp_iothreadd.chardev.tls import TLS  # few have it, and ssl is large

    host, authz = address.get("host", ""), data.get("tls-authz")
    return TLS(devices, data["tls-creds"], authz, server=server, host=host)


def protocol(data: Mapping[str, Any]) -> str:
    """What query-chardev puts before a host."""
    if data.get("telnet"):
        return "telnet"
    return "websocket" if data.get("websocket") else "tcp"


def behind_filters(
    peer: DescriptorProtocol, data: Mapping[str, Any], *, server: bool, on_break: Callable[[], None]
) -> DescriptorProtocol:
    """The protocol for a socket, which takes what is on the wire, in front of the peer."""
    websocket, tn3270 = data.get("websocket", False), data.get("tn3270", False)
    telnet = server and (tn3270 or data.get("telnet", False))
    if not websocket and not telnet:
        return peer
    from qmp_iothreadd.chardev.filters import Filter, filtered  # few have any

    filters: list[Filter] = []
    if websocket:
        from qmp_iothreadd.chardev.websocket import WebsocketFilter

        filters.append(WebsocketFilter())
    if telnet:
        from qmp_iothreadd.chardev.telnet import TelnetFilter

        filters.append(TelnetFilter(tn3270=tn3270, on_break=on_break))
    return filtered(peer, filters)
