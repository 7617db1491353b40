"""Option lists of networks: of a board's cards, and what they are connected to.

The empty machine has no cards, which is warned of.
"""

from __future__ import annotations

from random import randrange
from typing import Any

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
_HUB = "hub0port"
_SHORT = {"virtio": "virtio-net-pci"}


def take_netdev(line: CommandLine, options: Options) -> None:
    """``-netdev``: something that a network card could be connected to."""
    kind = _kind(options, CLIENTS)
    if options.id is None:
        raise errors.missing_parameter("id")
    read = line.netdevs.get(options.id)
    line.config.netdevs.append(check_list(line, "Netdev", options) if read is None else read)
    if not line.machine_options.is_empty:
        return  # a device may use it, which is clear once there are devices
    if kind == "hubport":
        _warn(line, f"hub port {options.id} has no peer")
    _warn(line, f"netdev {options.id} has no peer")


def check_nic(line: CommandLine, options: Options) -> None:
    """``-nic``: a network card and its other end."""
    if options.get("type") == _NONE:
        return
    client = Options(options.id or _made_up_id(line), options.location)
    client.pairs = [pair for pair in options.pairs if pair[0] not in ("model", "mac")]
    if client.get("type") is None:
        client.pairs.append(("type", "user"))
    _kind(client, CLIENTS)
    value = check_list(line, "Netdev", client)
    if line.machine_options.has_cards:
        line.config.netdevs.append(value)
        _add_card(line, options.get("model"), value["id"], options.get("mac"))
        return
    _warn(line, f"netdev {client.id} has no peer")
    _warn_of_card(line, "anonymous", options)


def check_net(line: CommandLine, options: Options) -> None:
    """``-net``: a card or an other end, on a hub."""
    kind = _kind(options, (*CLIENTS, _NONE, _NIC))
    client = Options(options.id or _made_up_id(line), options.location)
    client.pairs = options.pairs
    value = check_list(line, "Netdev", client)
    if line.machine_options.has_cards and kind != _NONE:
        _add_to_hub(line, kind, value, options)
    elif kind == _NIC:
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


def _made_up_id(line: CommandLine) -> str:
    """As QEMU makes one up: the end of it is random."""
    return f"#net{len(line.config.netdevs)}{randrange(100):02}"


def _add_to_hub(line: CommandLine, kind: str, value: dict[str, Any], options: Options) -> None:
    """What ``-net`` names is on a port of the first hub."""
    ports = [each for each in line.config.netdevs if each["id"].startswith(_HUB)]
    port = {"type": "hubport", "id": f"{_HUB}{len(ports)}", "hubid": 0}
    if kind == _NIC:
        line.config.netdevs.append(port)
        _add_card(line, options.get("model"), port["id"], options.get("macaddr"))
    else:
        line.config.netdevs += [value, port | {"netdev": value["id"]}]


def _add_card(line: CommandLine, model: str | None, netdev: Any, mac: str | None) -> None:
    """A card of the board's.

    Raises:
        QmpError: there is no such model.
    """
    from qmp_iothreadd.machine.devices.model_table import find_row  # only where there is a card

    model = _SHORT.get(model or "", model or line.machine_options.machine_type().family.nic)
    found = find_row(model)
    if found is None or found.category != "Network":
        raise errors.nic_model_unsupported(model)
    line.config.cards.append((model, {"netdev": netdev, **({"mac": mac} if mac else {})}))


def _warn_of_card(line: CommandLine, name: str, options: Options) -> None:
    model = options.get("model") or "unspecified"
    _warn(
        line,
        f"requested NIC ({name}, model {model}) was not created (not supported by this machine?)",
    )


def _warn(line: CommandLine, text: str) -> None:
    line.warn(text, about="")
