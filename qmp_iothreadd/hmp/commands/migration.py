"""Migration: QMP's functions, and parameters one at a time, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qmp_iothreadd import errors
from qmp_iothreadd.commands import migration, snapshots
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.hmp.sizes import size_text
from qmp_iothreadd.machine.migration.channels import describe
from qmp_iothreadd.machine.migration.migration import Migration
from qmp_iothreadd.qmp.registry import Context

if TYPE_CHECKING:
    from qmp_iothreadd.qapi.schema import Member

_DETACHED = "terminal does not allow synchronous migration, continuing detached\n"


@hmp_command(
    "migrate",
    "detach:-d,resume:-r,uri:s",
    params="[-d] [-r] uri",
    help="migrate to URI (using -d to not wait for completion)\n"
    "\t\t\t -r to resume a paused migration",
)
def migrate(ctx: Context, detach: bool, resume: bool, uri: str) -> str:
    """Begin to migrate; what is typed next does not wait for its end."""
    migration.migrate(ctx, uri, resume=resume)
    return "" if detach else _DETACHED


hmp_command("migrate_cancel", help="cancel the current VM migration")(migration.migrate_cancel)


@hmp_command(
    "migrate_incoming",
    "uri:s",
    params="uri",
    help="Continue an incoming migration from an -incoming defer",
)
def migrate_incoming(ctx: Context, uri: str) -> None:
    """Refuse, as migrate-incoming does."""
    migration.migrate_incoming(ctx, uri)


hmp_command(
    "migrate_recover",
    "uri:s",
    params="uri",
    help="Continue a paused incoming postcopy migration",
)(migration.migrate_recover)
hmp_command("migrate_pause", help="Pause an ongoing migration (postcopy-only)")(
    migration.migrate_pause
)
hmp_command(
    "migrate_start_postcopy",
    help="Followup to a migration command to switch the migration to postcopy mode. The "
    "postcopy-ram capability must be set on both source and destination before the original "
    "migration command.",
)(migration.start_postcopy)


@hmp_command(
    "migrate_continue",
    "state:s",
    params="state",
    help="Continue migration from the given paused state",
)
def migrate_continue(ctx: Context, state: str) -> None:
    """Let a migration go on from a state in which it waits."""
    if state not in _values(ctx, "MigrationStatus"):
        raise errors.enum_value_unknown(state)
    migration.migrate_continue(ctx, state)


@hmp_command(
    "migrate_set_capability",
    "capability:s,state:b",
    params="capability state",
    help="Enable/Disable the usage of a capability for migration",
)
def set_capability(ctx: Context, capability: str, state: bool) -> None:
    """Turn one capability on or off."""
    found = ctx.machine.part(Migration)
    if capability not in found.capabilities:
        raise errors.enum_value_unknown(capability)
    found.set_capabilities({capability: state})


@hmp_command(
    "migrate_set_parameter",
    "parameter:s,value:s",
    params="parameter value",
    help="Set the parameter for migration",
)
def set_parameter(ctx: Context, parameter: str, value: str) -> None:
    """Set one parameter, from a text that is read as its type asks for; sizes are in MiB."""
    from qmp_iothreadd.qom.input_visitor import from_text

    member = _parameters(ctx).get(parameter)
    if member is None:
        raise errors.enum_value_unknown(parameter)
    if parameter == "block-bitmap-mapping":
        raise errors.bitmap_mapping_in_hmp()
    found: Any = value
    if not parameter.startswith("tls-"):
        megabytes = parameter in _IN_MIB and value[-1:].isdigit()
        # As a size, like all that has 64 bits: QEMU's human monitor reads them so.
        size = ctx.machine.schema.types["size"]
        type_ = size if member.type.name == "uint64" else member.type
        found = from_text(type_, f"{value}M" if megabytes else value, parameter)
    migration.set_parameters(ctx, {parameter: found})


_IN_MIB = ("max-bandwidth", "avail-switchover-bandwidth")


def _parameters(ctx: Context) -> dict[str, Member]:
    described: Any = ctx.machine.schema.commands["migrate-set-parameters"].arg_type
    return {member.name: member for member in described.members}


def _values(ctx: Context, name: str) -> list[str]:
    described: Any = ctx.machine.schema.types[name]
    return [value.name for value in described.members]


# -- What is set, and how it went -----------------------------------------------------------------

# What is shown, in this order, and what follows it.
_SHOWN = {
    "announce-initial": " ms",
    "announce-max": " ms",
    "announce-rounds": "",
    "announce-step": " ms",
    "throttle-trigger-threshold": "",
    "cpu-throttle-initial": "",
    "cpu-throttle-increment": "",
    "cpu-throttle-tailslow": "",
    "max-cpu-throttle": "",
    "tls-creds": "",
    "tls-hostname": "",
    "max-bandwidth": " bytes/second",
    "avail-switchover-bandwidth": " bytes/second",
    "downtime-limit": " ms",
    "x-checkpoint-delay": " ms",
    "multifd-channels": "",
    "multifd-compression": "",
    "zero-page-detection": "",
    "xbzrle-cache-size": " bytes",
    "max-postcopy-bandwidth": "",
    "tls-authz": "",
    "block-bitmap-mapping": "",
    "x-vcpu-dirty-limit-period": " ms",
    "vcpu-dirty-limit": " MB/s",
    "mode": "",
    "direct-io": "",
    "cpr-exec-command": "",
}
_GLOBALS = """\
Globals:
  store-global-state: on
  only-migratable: {only_migratable}
  send-configuration: on
  send-section-footer: on
  send-switchover-start: on
  clear-bitmap-shift: 18
"""


@hmp_command(
    "info migrate",
    "all:-a",
    params="[-a]",
    help="show migration status (-a: all, dump all status)",
)
def show(ctx: Context, all: bool) -> str:
    """How the last migration went, or goes."""
    found = migration.query_migrate(ctx)
    text = "" if "status" not in found else _status(found)
    if "socket-address" in found:
        lines = [f"\t{describe(each)}\n" for each in found["socket-address"]]
        text += f"Sockets: [\n{''.join(lines)}]\n"
    if "ram" in found:
        text += _ram(found["ram"])
    if all:
        text += _GLOBALS.format(only_migratable="on" if ctx.machine.only_migratable else "off")
    return text


def _status(found: dict[str, Any]) -> str:
    reason = f" ({found['error-desc']})" if "error-desc" in found else ""
    text = f"Status: \t\t{found['status']}{reason}\n"
    if found.get("total-time"):
        times = f"total={found['total-time']}, setup={found['setup-time']}"
        text += f"Time (ms): \t\t{times}, down={found['downtime']}\n"
    return text


def _ram(ram: dict[str, Any]) -> str:
    size = {name: size_text(int(value)) for name, value in ram.items()}
    return (
        "RAM info:\n"
        f"  Throughput (Mbps): \t{ram['mbps']:.2f}\n"
        f"  Sizes: \t\tpagesize={size['page-size']}, total={size['total']}\n"
        f"  Transfers: \t\ttransferred={size['transferred']}, remain={size['remaining']}\n"
        f"    Channels: \t\tprecopy={size['precopy-bytes']}, multifd={size['multifd-bytes']},"
        f" postcopy={size['postcopy-bytes']}\n"
        f"    Page Types: \tnormal={ram['normal']}, zero={ram['duplicate']}\n"
        f"  Page Rates (pps): \ttransfer={ram['pages-per-second']}\n"
        f"  Others: \t\tdirty_syncs={ram['dirty-sync-count']}\n"
    )


@hmp_command("info migrate_capabilities", help="show current migration capabilities")
def capabilities(ctx: Context) -> str:
    """All capabilities."""
    found = migration.query_capabilities(ctx)
    return "".join([f"{each['capability']}: {_on_off(each['state'])}\n" for each in found])


@hmp_command("info migrate_parameters", help="show current migration parameters")
def parameters(ctx: Context) -> str:
    """All parameters."""
    values = migration.query_parameters(ctx)
    return "".join(
        [
            f"{name}:{_quoted(values[name]) if name.startswith('tls-') else _shown(values[name])}"
            f"{unit}\n"
            for name, unit in _SHOWN.items()
            if name in values
        ]
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return f" {_on_off(value)}"
    return _lines(value) if isinstance(value, list) else f" {value}"


def _quoted(value: str) -> str:
    return f" '{value}'"


def _lines(values: list[Any]) -> str:
    """The words of a command, or nodes and bitmaps with their aliases, a line each."""
    text = ""
    for value in values:
        if isinstance(value, str):
            text += f" {value}"
            continue
        text += f"\n  '{value['node-name']}' -> '{value['alias']}'"
        for bitmap in value["bitmaps"]:
            text += f"\n    '{bitmap['name']}' -> '{bitmap['alias']}'"
    return text


def _on_off(state: bool) -> str:
    return "on" if state else "off"


# -- Snapshots ------------------------------------------------------------------------------------


@hmp_command(
    "savevm",
    "name:s?",
    params="tag",
    help="save a VM snapshot. If no tag is provided, a new snapshot is created",
)
def savevm(ctx: Context, name: str | None) -> None:
    """Refuse: no node can hold a snapshot."""
    snapshots.check_nodes(ctx.machine, None)


@hmp_command("loadvm", "name:s", params="tag", help="restore a VM snapshot from its tag")
def loadvm(ctx: Context, name: str) -> None:
    """Refuse: no node can hold a snapshot; the machine stops for that."""
    ctx.machine.stop("restore-vm")
    snapshots.check_nodes(ctx.machine, None)


@hmp_command("delvm", "name:s", params="tag", help="delete a VM snapshot from its tag")
def delvm(ctx: Context, name: str) -> None:
    """Refuse where a node could have held a snapshot; else there is nothing to delete."""
    try:
        snapshots.check_nodes(ctx.machine, None)
    except errors.QmpError as error:
        if error.desc != errors.no_vmstate_device().desc:
            raise


@hmp_command("info snapshots", help="show the currently saved VM snapshots")
def show_snapshots(ctx: Context) -> None:
    """Refuse: no node can hold a snapshot."""
    raise errors.no_vmstate_device()
