"""Memory, for people."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.commands import memory
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

_SHOWN = ("merge", "dump", "prealloc", "share", "reserve", "policy")


@hmp_command("info memdev", help="show memory backends", preconfig=True)
def memdev(ctx: Context) -> str:
    """Each back end's values; an empty line ends the list."""
    return "".join([_describe(each) for each in memory.query_memdev(ctx)]) + "\n"


@hmp_command("info memory-devices", help="show memory devices")
def memory_devices(ctx: Context) -> str:
    """Nothing: there are no devices."""
    return ""


def _describe(found: dict[str, Any]) -> str:
    values = {name: found[name] for name in _SHOWN}
    lines = [f"memory backend: {found['id']}", f"  size:  {found['size']}"]
    for name, value in values.items():
        lines.append(f"  {name}: {str(value).lower() if isinstance(value, bool) else value}")
    nodes = ",".join(map(str, found["host-nodes"]))
    return "\n".join([*lines, f"  host nodes: {nodes}\n"])
