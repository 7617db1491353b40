"""Background jobs, and those of block devices, of which there are none."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.block.jobs import Jobs
from qmp_iothreadd.qmp.registry import Context, command


@command("query-jobs")
def query_jobs(ctx: Context) -> list[dict[str, Any]]:
    """The jobs, the latest first."""
    return [
        {
            "id": job.id,
            "type": job.type,
            "status": job.status,
            "current-progress": job.current_progress,
            "total-progress": job.total_progress,
            **({} if job.error is None else {"error": job.error}),
        }
        for job in ctx.machine.part(Jobs).jobs
    ]


def _refuser(verb: str) -> None:
    """Register what a client asks of a job that runs: each of ours is over before it can."""

    @command(f"job-{verb}")
    def refuse(ctx: Context, id: str) -> None:
        ctx.machine.part(Jobs).find(id, verb)


for _verb in ("cancel", "pause", "resume", "complete", "finalize"):
    _refuser(_verb)


@command("job-dismiss")
def job_dismiss(ctx: Context, id: str) -> None:
    """Forget a job that is over."""
    ctx.machine.part(Jobs).dismiss(id)


# -- Block jobs -----------------------------------------------------------------------------------


@command("query-block-jobs")
def query_block_jobs(ctx: Context) -> list[Any]:
    """None: what copies a guest's data is not started."""
    return []


@command("block-job-pause")
@command("block-job-resume")
@command("block-job-complete")
def act_on_device(ctx: Context, device: str) -> None:
    """Refuse: there is no such job."""
    raise errors.block_job_not_found(device)


@command("block-job-cancel")
def block_job_cancel(ctx: Context, device: str, force: bool | None = None) -> None:
    """Refuse: there is no such job."""
    raise errors.block_job_not_found(device)


@command("block-job-set-speed")
def block_job_set_speed(ctx: Context, device: str, speed: int) -> None:
    """Refuse: there is no such job."""
    raise errors.block_job_not_found(device)


@command("block-job-dismiss")
@command("block-job-finalize")
def act_on_id(ctx: Context, id: str) -> None:
    """Refuse: there is no such job."""
    raise errors.block_job_not_found(id)


@command("block-job-change")
def block_job_change(ctx: Context, arg: dict[str, Any]) -> None:
    """Refuse: there is no such job."""
    raise errors.block_job_not_found(arg["id"])
