"""``print``: the value of an expression, in a format."""

from __future__ import annotations

from qmp_iothreadd.hmp.arguments import Format
from qmp_iothreadd.hmp.registry import hmp_command
from qmp_iothreadd.qmp.registry import Context

_MASK = 2**64 - 1


@hmp_command(
    "print|p",
    "fmt:/,value:l",
    params="/fmt expr",
    help="print expression value (use $reg for CPU register access)",
)
def print_value(ctx: Context, fmt: Format, value: int) -> str:
    """A 64-bit value as the letter of ``fmt`` says; the formats are a debugger's."""
    unsigned = value & _MASK
    match fmt.letter:
        case "o":
            text = f"0{unsigned:o}" if unsigned else "0"
        case "x":
            text = f"{unsigned:#x}" if unsigned else "0"
        case "u":
            text = str(unsigned)
        case "c":
            text = f"'{_character(unsigned & 0xFFFFFFFF)}'"
        case _:
            text = str(value)
    return f"{text}\n"


def _character(code: int) -> str:
    """As in a C literal; what is beyond a byte is shown in hexadecimal like any other."""
    if 32 <= code <= 126:
        char = chr(code)
        return f"\\{char}" if char in "'\\" else char
    return {10: "\\n", 13: "\\r"}.get(code) or f"\\x{code:02x}"
