"""The human monitor's commands: a row for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from qmp_iothreadd.commands import control, runstate
from qmp_iothreadd.hmp import info, objects, printing
from qmp_iothreadd.hmp.help import show_help
from qmp_iothreadd.qmp.registry import Context

HMPFunction = Callable[..., str | None]
"""Called with a ``Context`` and the arguments as keywords; returns the text to print, if any.

It fails by raising ``QmpError``.
"""


class HMPCommand(NamedTuple):
    """A row of the table.

    ``names``: alternatives, separated by ``|``. ``args_type``: see ``arguments``. ``params`` and
    ``help`` are for people to read. ``sub_commands``: a table of its own, searched where anything
    follows the name. ``completes``: what TAB offers for each argument, see ``completion``.
    """

    names: str
    args_type: str
    params: str
    help: str
    function: HMPFunction
    sub_commands: Sequence[HMPCommand] = ()
    completes: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Whether ``name`` is one of the alternatives."""
        return name in self.names.split("|")


def find(table: Sequence[HMPCommand], name: str) -> HMPCommand | None:
    """The command of this name, or None."""
    return next((row for row in table if row.is_called(name)), None)


def _help(ctx: Context, name: str | None) -> str:
    return show_help(COMMANDS, name)


def _info(ctx: Context, item: str | None) -> str:
    return show_help(COMMANDS, "info")


_C: Final = HMPCommand

# fmt: off
INFO_COMMANDS: Final = (
    _C("block", "nodes:-n,verbose:-v,device:B?", "[-n] [-v] [device]",
       "show info of one block device or all block devices "
       "(-n: show named nodes; -v: show details)",
       info.block),
    _C("block-jobs", "", "", "show progress of ongoing block device operations", info.block_jobs),
    _C("chardev", "", "", "show the character devices", info.chardev),
    _C("cpus", "", "", "show infos for each CPU", info.cpus),
    _C("history", "", "", "show the command line history", info.history),
    _C("iothreads", "", "", "show iothreads", info.iothreads),
    _C("kvm", "", "", "show KVM information", info.kvm),
    _C("name", "", "", "show the current VM name", info.name),
    _C("qom-tree", "path:s?", "[path]", "show QOM composition tree", info.qom_tree,
       completes=("path",)),
    _C("status", "", "", "show the current VM status (running|paused)", info.status),
    _C("uuid", "", "", "show the current VM UUID", info.uuid),
    _C("version", "", "", "show the version of QEMU", info.version),
)

COMMANDS: Final = (
    _C("cont|c", "", "", "resume emulation", runstate.cont),
    _C("help|?", "name:S?", "[cmd]", "show the help", _help, completes=("command",)),
    _C("info", "item:s?", "[subcommand]", "show various information about the system state",
       _info, sub_commands=INFO_COMMANDS),
    _C("object_add", "options:S", "[qom-type=]type,id=str[,prop=value][,...]",
       "create QOM object", objects.object_add, completes=("type",)),
    _C("object_del", "id:s", "id", "destroy QOM object", objects.object_del, completes=("object",)),
    _C("print|p", "letter:/,value:l", "/fmt expr",
       "print expression value (use $reg for CPU register access)", printing.print_value),
    _C("qom-get", "path:s,name:s", "path property", "print QOM property", objects.qom_get,
       completes=("path", "property")),
    _C("qom-list", "path:s?", "path", "list QOM properties", objects.qom_list,
       completes=("path",)),
    _C("qom-set", "json:-j,path:s,name:s,value:S", "[-j] path property value",
       "set QOM property.\n\t\t\t-j: the value is specified in json format.",
       objects.qom_set, completes=("path", "property")),
    _C("quit|q", "", "", "quit the emulator", control.quit_),
    _C("stop|s", "", "", "stop emulation", runstate.stop),
    _C("system_powerdown", "", "", "send system power down event", runstate.system_powerdown),
    _C("system_reset", "", "", "reset the system", runstate.system_reset),
    _C("system_wakeup", "", "", "wakeup guest from suspend", runstate.system_wakeup),
)
# fmt: on
