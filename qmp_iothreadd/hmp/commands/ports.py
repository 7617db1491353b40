"""Input and output ports of the machine: no device is behind any."""

from __future__ import annotations

from typing import Final

from qmp_iothreadd.hmp.arguments import Format
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

# Letters of the widths, in bytes; what is wider is read as 4.
_WIDTHS: Final = {1: "b", 2: "w"}


@hmp_command("i", "fmt:/,addr:i", params="/fmt addr", help="I/O port read")
def read_port(ctx: Context, fmt: Format, addr: int) -> str:
    """All bits are set where nothing answers."""
    letter, size = (_WIDTHS[fmt.size], fmt.size) if fmt.size in _WIDTHS else ("l", 4)
    return f"port{letter}[{addr & 0xFFFF:#06x}] = 0x{'ff' * size}\n"


@hmp_command("o", "fmt:/,addr:i,val:i", params="/fmt addr value", help="I/O port write")
def write_port(ctx: Context, fmt: Format, addr: int, val: int) -> None:
    """Nothing takes what is written."""
