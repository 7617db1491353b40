"""The CPUs that threads under load may run on: checked, since the kernel leaves out in silence."""

from __future__ import annotations

import os

from qmp_iothreadd import errors


def run_on(thread_id: int, cpus: list[int]) -> None:
    """Let a thread run on these CPUs alone.

    Raises:
        QmpError: there are none, not all of them are there, or the process may not use them; then
        nothing changed.
    """
    if not cpus:
        raise errors.affinity_empty("CPU")
    before = os.sched_getaffinity(thread_id)
    try:
        os.sched_setaffinity(thread_id, cpus)
    except (OSError, ValueError, OverflowError):
        raise errors.cpus_refused(cpus) from None
    if os.sched_getaffinity(thread_id) != set(cpus):
        os.sched_setaffinity(thread_id, before)
        raise errors.cpus_refused(cpus)
