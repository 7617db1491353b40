"""The human monitor's language.

Importing this registers human-monitor-command; the rest is loaded on first use.
"""

from __future__ import annotations

from qmp_iothreadd import errors
from qmp_iothreadd.qmp.registry import Context, NotPreparedError, command


@command("human-monitor-command")
def human_monitor_command(ctx: Context, command_line: str, cpu_index: int | None = None) -> str:
    """Run one line of the human monitor; the value is what it prints, also where it fails.

    Raises:
        NotPreparedError: not all commands have been imported.
        QmpError: there is no CPU ``cpu_index``, which the line is about.
    """
    # Most clients never ask for it, and the greeting need not wait for it.
    from qmp_iothreadd.hmp.commands import load_next

    if load_next():
        raise NotPreparedError
    if cpu_index is not None:
        from qmp_iothreadd.commands.cpus import has_cpu  # few say of which

        if not has_cpu(ctx, cpu_index):
            raise errors.invalid_parameter_value("cpu-index", "a CPU number")
    from qmp_iothreadd.hmp import text
    from qmp_iothreadd.hmp.interpreter import execute
    from qmp_iothreadd.hmp.line_context import LineContext

    return text.to_json(execute(LineContext(ctx, cpu_index or 0), text.from_json(command_line)))
