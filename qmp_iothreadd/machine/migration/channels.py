"""Where a migration goes or comes from: a URI or a list of channels, as a MigrationAddress."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qmp_iothreadd import errors

Address = dict[str, Any]
"""A MigrationAddress, as on the wire."""

_HOST_PORT: Final = re.compile(r"(?:\[([^\]]{0,64})\]|([^:,]{0,64})):([^,]{1,32})(?:,.*)?")
_OFFSET: Final = re.compile(r"(0[xX][0-9a-fA-F]+|[0-9]+)([kKmMgGtT]?)")
_UNITS: Final = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


def main_address(uri: str | None, channels: Sequence[Mapping[str, Any]] | None) -> Address:
    """The address of the main channel.

    Raises:
        QmpError: there is none, or more than one, or it cannot be read.
    """
    if (uri is None) == (channels is None):
        raise errors.migration_needs_one_address()
    if uri is not None:
        return parse_uri(uri)
    found: dict[str, Address] = {}
    for channel in channels or ():
        kind = channel["channel-type"]
        if kind in found:
            raise errors.migration_channel_twice(kind)
        found[kind] = channel["addr"]
    if "main" not in found:
        raise errors.migration_main_missing()
    return found["main"]


def channel_of(text: str) -> Address:
    """The address of a channel that is written as JSON, as ``-incoming`` takes it.

    Raises:
        QmpError: it is none.
    """
    from qmp_iothreadd.json.reader import parse_one

    channel: Any = parse_one(text)
    address = channel.get("addr") if isinstance(channel, dict) else None
    if not isinstance(address, dict) or "transport" not in address:
        raise errors.missing_parameter("addr")
    return address


def parse_uri(uri: str) -> Address:
    """The address that a URI stands for.

    Raises:
        QmpError: the protocol is unknown, or what follows cannot be read.
    """
    scheme, colon, rest = uri.partition(":")
    match scheme if colon else "":
        case "exec":
            return {"transport": "exec", "args": ["/bin/sh", "-c", rest]}
        case "tcp":
            return {"transport": "socket", "type": "inet", **_host_port(rest)}
        case "rdma":
            return {"transport": "rdma", **_host_port(rest)}
        case "unix":
            return {"transport": "socket", "type": "unix", "path": rest}
        case "vsock":
            cid, _, port = rest.partition(":")
            return {"transport": "socket", "type": "vsock", "cid": cid, "port": port}
        case "fd":
            return {"transport": "socket", "type": "fd", "str": rest}
        case "file":
            return {"transport": "file", **_file(rest)}
    raise errors.migration_protocol_unknown(uri)


def _host_port(text: str) -> dict[str, str]:
    found = _HOST_PORT.fullmatch(text)
    if found is None:
        raise errors.address_unparsed(text)
    bracketed, host, port = found.groups()
    return {"host": host if bracketed is None else bracketed, "port": port}


def _file(text: str) -> dict[str, Any]:
    path, comma, offset = text.partition(",offset=")
    if not comma:
        return {"filename": path, "offset": 0}
    found = _OFFSET.fullmatch(offset)
    if found is None:
        raise errors.migration_offset_bad(offset)
    return {"filename": path, "offset": int(found[1], 0) << _UNITS[found[2].lower()]}


def take_descriptor(address: Mapping[str, Any], named: dict[str, int]) -> int | None:
    """The descriptor that an address names, ours from now on; None where it names none.

    Raises:
        QmpError: there is none of that name or number, or the transport is not built in.
    """
    if address["transport"] == "rdma":
        raise errors.migration_transport_missing("RDMA")
    if address.get("type") == "vsock":
        raise errors.migration_transport_missing("vsock")
    if address.get("type") != "fd":
        return None
    name = address["str"]
    if not name[:1].isdigit():
        if name not in named:
            raise errors.named_descriptor_unknown(name)
        return named.pop(name)
    try:
        return os.dup(int(name))
    except (OSError, ValueError, OverflowError):
        raise errors.migration_descriptor_invalid(name) from None


def describe(address: Mapping[str, Any]) -> str:
    """A socket's address as a URI, as ``info migrate`` shows it."""
    match address["type"]:
        case "inet":
            return f"tcp:{address['host']}:{address['port']}"
        case "unix":
            return f"unix:{address['path']}"
        case kind:
            return f"{kind}:"
