"""The commands of the human monitor, all of them: importing this imports what is left of them."""

from __future__ import annotations

from qmp_iothreadd.hmp.commands import load_next
from qmp_iothreadd.hmp.registry import COMMANDS

__all__ = ["COMMANDS"]

while load_next():
    pass
