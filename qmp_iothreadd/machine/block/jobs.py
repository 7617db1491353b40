"""Background jobs: QEMU's job.c, for work that is over soon after it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from qmp_iothreadd import errors
from qmp_iothreadd.machine.background_work import BackgroundWork
from qmp_iothreadd.qom.identifiers import is_identifier

if TYPE_CHECKING:
    from qmp_iothreadd.machine.machine import Machine

Work = Callable[[], Coroutine[Any, Any, None]]

JOBS_MAX: Final = 4096
"""So many jobs may wait to be dismissed; QEMU has no limit."""

_PAUSED: Final = re.compile("paused|standby")
_VERBS: Final = {
    "cancel": ("created", "running", "paused", "ready", "standby", "waiting", "pending"),
    "pause": ("created", "running", "paused", "ready", "standby"),
    "resume": ("created", "running", "paused", "ready", "standby"),
    "complete": ("ready",),
    "finalize": ("pending",),
    "dismiss": ("concluded",),
}
"""In which states a client may ask for what: the table of job.c."""


class Job:
    """One job. ``error``: why it failed, None where it did not."""

    __slots__ = ("current_progress", "error", "id", "status", "total_progress", "type")

    def __init__(self, id: str, type: str) -> None:
        self.id = id
        self.type = type
        self.status = "undefined"
        self.error: str | None = None
        self.current_progress = 0
        self.total_progress = 0


class Jobs:
    """All jobs of the machine, the latest first."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.jobs: list[Job] = []

    def start(self, id: str, type: str, work: Work) -> None:
        """Make a job, and let it run once the client has its reply.

        ``work`` raises QmpError where the job fails.

        Raises:
            QmpError: the id is none, or taken; or there are too many jobs.
        """
        if not is_identifier(id):
            raise errors.invalid_job_id(id)
        if any(job.id == id for job in self.jobs):
            raise errors.job_id_in_use(id)
        if len(self.jobs) >= JOBS_MAX:
            raise errors.too_many_jobs(JOBS_MAX)
        job = Job(id, type)
        self.jobs.insert(0, job)
        self._change(job, "created")
        self._change(job, "running")
        job.total_progress = 1
        self.machine.part(BackgroundWork).spawn(self._run(job, work))

    def find(self, id: str, verb: str) -> Job:
        """The job that a client asks something of.

        Raises:
            QmpError: there is none, or it is not in a state for that.
        """
        found = next((job for job in self.jobs if job.id == id), None)
        if found is None:
            raise errors.job_not_found()
        if verb == "resume" and not _PAUSED.fullmatch(found.status):
            raise errors.job_not_paused()
        if found.status not in _VERBS[verb]:
            raise errors.job_verb_refused(id, found.status, verb)
        return found

    def dismiss(self, id: str) -> None:
        """Forget a job that is over.

        Raises:
            QmpError: there is none, or it is not over.
        """
        job = self.find(id, "dismiss")
        self._change(job, "null")
        self.jobs.remove(job)

    def close(self) -> None:
        """Forget all; those that run end with the event loop."""
        self.jobs.clear()

    async def _run(self, job: Job, work: Work) -> None:
        try:
            await work()
        except Exception as error:
            job.error = errors.of_command(error).desc
            job.current_progress = job.total_progress
            self._change(job, "aborting")
        else:
            job.current_progress = job.total_progress
            self._change(job, "waiting")
            self._change(job, "pending")
        self._change(job, "concluded")

    def _change(self, job: Job, status: str) -> None:
        job.status = status
        self.machine.emit("JOB_STATUS_CHANGE", {"id": job.id, "status": status})
