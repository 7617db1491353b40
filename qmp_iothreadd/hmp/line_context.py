"""What a line sees that comes by human-monitor-command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmp_iothreadd.qmp.descriptor_inbox import DescriptorInbox

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine
    from qmp_iothreadd.machine.monitors import Monitor
    from qmp_iothreadd.qmp.registry import Context


class LineContext:
    """The session that the line came through, but not its descriptors.

    QEMU runs such a line in a human monitor of its own, which has no socket and knows no names.
    It is about the CPU ``cpu_index``.
    """

    __slots__ = ("_ctx", "cpu_index", "inbox", "named_descriptors")

    def __init__(self, ctx: Context, cpu_index: int = 0) -> None:
        self._ctx = ctx
        self.cpu_index = cpu_index
        self.inbox = DescriptorInbox()
        self.named_descriptors: dict[str, int] = {}

    @property
    def machine(self) -> Machine:
        """The state to act on."""
        return self._ctx.machine

    @property
    def monitor(self) -> Monitor:
        """The monitor that the request came through."""
        return self._ctx.monitor

    def negotiate(self, capabilities: list[str]) -> None:
        """End capabilities negotiation."""
        self._ctx.negotiate(capabilities)
