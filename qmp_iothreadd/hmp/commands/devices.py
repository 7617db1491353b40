"""Devices and network back ends: QMP's functions, with arguments in languages for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from qmp_iothreadd import errors
from qmp_iothreadd.commands import devices
from qmp_iothreadd.hmp.commands import info  # noqa: F401 -- here are sub-commands of it
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.machine.netdevs import Netdevs
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import ObjectType

_KINDS = "[user|tap|socket|stream|dgram|vde|bridge|hubport|netmap|vhost-user|vhost-vdpa|passt]"


@hmp_command(
    "device_add",
    "device:O",
    params="driver[,prop=value][,...]",
    help="add device, like -device on the command line",
)
def device_add(ctx: Context, device: str) -> None:
    """Plug a device in."""
    from qmp_iothreadd.qom import keyval  # only here is the language needed

    values, _ = keyval.parse(device, "driver")
    devices.device_add(ctx, values, from_text=True)


hmp_command("device_del", "id:s", params="device", help="remove device")(devices.device_del)


@hmp_command(
    "netdev_add",
    "netdev:O",
    params=f"{_KINDS},id=str[,prop=value][,...]",
    help="add host network device",
    preconfig=True,
)
def netdev_add(ctx: Context, netdev: str) -> None:
    """Make a back end, from keyval."""
    from qmp_iothreadd.qom import keyval
    from qmp_iothreadd.qom.input_visitor import from_keyval

    command = ctx.machine.schema.commands["netdev_add"]
    values, _ = keyval.parse(netdev, "type")
    if "type" not in values:
        raise errors.missing_parameter("type")
    arguments = from_keyval(cast("ObjectType", command.arg_type), values)
    devices.netdev_add(ctx, cast("dict[str, Any]", arguments))


hmp_command("netdev_del", "id:s", params="id", help="remove host network device", preconfig=True)(
    devices.netdev_del
)
hmp_command(
    "set_link",
    "name:s,up:b",
    params="name on|off",
    help="change the link status of a network adapter",
)(devices.set_link)


@hmp_command("info network", help="show the network state")
def network(ctx: Context) -> str:
    """The back ends, those of a hub together."""
    return ctx.machine.part(Netdevs).describe()


@hmp_command("info usernet", help="show user network stack connection states")
def usernet(ctx: Context) -> str:
    """Nothing: no network stack runs."""
    return ""


@hmp_command(
    "hostfwd_add",
    "arg1:s,arg2:s?",
    params="[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport",
    help="redirect TCP or UDP connections from host to guest (requires -net user)",
)
@hmp_command(
    "hostfwd_remove",
    "arg1:s,arg2:s?",
    params="[netdev_id] [tcp|udp]:[hostaddr]:hostport",
    help="remove host-to-guest TCP or UDP redirection",
)
def hostfwd(ctx: Context, arg1: str, arg2: str | None) -> str:
    """Refuse: no network stack runs."""
    return "user mode network stack not in use\n"
