"""What QEMU's log can hold, as -d and the human monitor's ``log`` name it."""

from __future__ import annotations

from typing import Final

TRACE: Final = "trace:"
"""Begins the one item that does something; a pattern of events follows."""

PER_THREAD: Final = "tid"

OF_GUEST: Final = frozenset(
    (
        *("all", "cpu", "cpu_reset", "exec", "fpu", "guest_errors", "in_asm", "int", "invalid_mem"),
        *("mmu", "nochain", "op", "op_ind", "op_opt", "op_plugin", "out_asm", "page", "pcall"),
        *("plugin", "strace", PER_THREAD, "unimp", "vpu"),
    )
)
"""Items about a guest: known, and nothing is ever logged of them."""
