"""Option lists of networks: without a guest nothing is connected, which is warned of."""

from __future__ import annotations

from random import randrange

from qmp_iothreadd import errors
from qmp_iothreadd.cli.command_line import CommandLine
from qmp_iothreadd.cli.described import check_list
from qmp_iothreadd.qom.option_lists import Options

CLIENTS = (
    *("socket", "stream", "dgram", "hubport", "tap", "user", "l2tpv3", "vde", "bridge"),
    *("netmap", "vhost-user", "vhost-vdpa", "passt"),
)
"""What can be at the other end, in the order of ``-netdev help``."""

MODERN = ("stream", "dgram")
"""Those that are described as keyval, as they have structured properties."""

# In -net and -nic beside those: a network card, and nothing at all.
_NONE, _NIC = "none", "nic"


def take_netdev(line: CommandLine, options: Options) -> None:
    """``-netdev``: something that a network card could be connected to."""
    kind = _kind(options, CLIENTS)
    if options.id is None:
        raise errors.missing_parameter("id")
    read = line.netdevs.get(options.id)
    line.config.netdevs.append(check_list(line, "Netdev", options) if read is None else read)
    if kind == "hubport":
        _warn(line, f"hub port {options.id} has no peer")
    _warn(line, f"netdev {options.id} has no peer")


def check_nic(line: CommandLine, options: Options) -> None:
    """``-nic``: a network card and its other end, of which there are none."""
    if options.get("type") == _NONE:
        return
    client = Options(options.id or _made_up_id(), options.location)
    client.pairs = [pair for pair in options.pairs if pair[0] not in ("model", "mac")]
    if client.get("type") is None:
        client.pairs.append(("type", "user"))
    _kind(client, CLIENTS)
    check_list(line, "Netdev", client)
    _warn(line, f"netdev {client.id} has no peer")
    _warn_of_card(line, "anonymous", options)


def check_net(line: CommandLine, options: Options) -> None:
    """``-net``: a card or an other end, on a hub."""
    kind = _kind(options, (*CLIENTS, _NONE, _NIC))
    client = Options(options.id or _made_up_id(), options.location)
    client.pairs = options.pairs
    check_list(line, "Netdev", client)
    if kind == _NIC:
        _warn(line, "hub port hub0port0 has no peer")
        _warn(line, "netdev hub0port0 has no peer")
        _warn_of_card(line, client.id or "", options)
    elif kind != _NONE:
        _warn(line, "hub 0 with no nics")


def list_clients() -> str:
    """What ``-netdev help`` says."""
    return "\n".join(["Available netdev backend types:", *CLIENTS])


def list_cards() -> str:
    """What ``-nic help`` says: there is no model of a card."""
    return f"{list_clients()}\n\nSupported NIC models:"


def _kind(options: Options, known: tuple[str, ...]) -> str:
    kind = options.get("type")
    if kind is None:
        raise errors.missing_parameter("type")
    if kind not in known:
        raise errors.unaccepted_value("type", kind)
    return kind


def _made_up_id() -> str:
    """As QEMU makes one up: the end of it is random."""
    return f"#net0{randrange(100):02}"


def _warn_of_card(line: CommandLine, name: str, options: Options) -> None:
    model = options.get("model") or "unspecified"
    _warn(
        line,
        f"requested NIC ({name}, model {model}) was not created (not supported by this machine?)",
    )


def _warn(line: CommandLine, text: str) -> None:
    line.warn(text, about="")
