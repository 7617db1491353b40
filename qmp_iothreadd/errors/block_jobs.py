"""Jobs on block nodes, what serves or copies them, and transactions."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import DEVICE_NOT_ACTIVE, QmpError

# -- Jobs -----------------------------------------------------------------------------------------


def invalid_job_id(id: str) -> QmpError:
    """A job's id that is no identifier."""
    return QmpError(f"Invalid job ID '{id}'")


def job_id_in_use(id: str) -> QmpError:
    """A second job of one id."""
    return QmpError(f"Job ID '{id}' already in use")


def too_many_jobs(limit: int) -> QmpError:
    """More jobs than are kept; QEMU has no such limit."""
    return QmpError(f"there are {limit} jobs already, dismiss some")


def job_not_found() -> QmpError:
    """job-dismiss and its kin of a job that there is not."""
    return QmpError("Job not found")


def job_not_paused() -> QmpError:
    """job-resume of one that runs, or is over."""
    return QmpError("Can't resume a job that was not paused")


def job_verb_refused(id: str, status: str, verb: str) -> QmpError:
    """A job that is not in a state for that."""
    return QmpError(f"Job '{id}' in state '{status}' cannot accept command verb '{verb}'")


def block_job_not_found(id: str) -> QmpError:
    """block-job-cancel and its kin: there are no block jobs."""
    return QmpError(f"Block job '{id}' not found", DEVICE_NOT_ACTIVE)


# -- Jobs that copy, exports, and transactions ----------------------------------------------------


def commit_into_itself() -> QmpError:
    """block-commit of an image that has nothing below it."""
    return QmpError("cannot commit an image into itself")


def create_unsupported() -> QmpError:
    """blockdev-create with a driver that makes nothing."""
    return QmpError("Driver does not support blockdev-create")


def image_creation_unsupported(driver: str) -> QmpError:
    """drive-backup to a new image of a driver that makes none."""
    return QmpError(f"Format driver '{driver}' does not support image creation")


def amend_changes_driver() -> QmpError:
    """x-blockdev-amend with another driver than the node has."""
    return QmpError("x-blockdev-amend doesn't support changing the block driver")


def amend_unsupported() -> QmpError:
    """x-blockdev-amend of a driver that cannot change its images."""
    return QmpError("Driver does not support x-blockdev-amend")


def child_unspecified() -> QmpError:
    """x-blockdev-change that does not say what."""
    return QmpError("Either child or node must be specified")


def children_fixed(name: str) -> QmpError:
    """x-blockdev-change of a node that takes no more children."""
    return QmpError(f"The node {name} does not support adding a child")


def child_not_found(node: str, child: str) -> QmpError:
    """x-blockdev-change of a child that the node does not have."""
    return QmpError(f"Node '{node}' does not have child '{child}'")


def copy_jobs_unsupported(command: str) -> QmpError:
    """What would copy a disk's data: no job here does."""
    return QmpError(f"{command} is not supported: no data is copied here")


def nbd_writable_without_all() -> QmpError:
    """``nbd_server_start -w`` alone."""
    return QmpError("-w only valid together with -a")


def nbd_server_not_running() -> QmpError:
    """An export, and nobody to serve it."""
    return QmpError("NBD server not running")


def nbd_server_unsupported() -> QmpError:
    """nbd-server-start: nothing is served here."""
    return QmpError("NBD server support is not compiled in")


def export_not_found(name: str) -> QmpError:
    """An export that there is not."""
    return QmpError(f"Export '{name}' is not found")


def invalid_export_id() -> QmpError:
    """An export's id that is no identifier."""
    return QmpError("Invalid block export id")


def export_unsupported(kind: str) -> QmpError:
    """block-export-add of a kind that the build lacks."""
    return QmpError(f"Block export type '{kind}' is not supported")


def transaction_aborted() -> QmpError:
    """A transaction that says so itself."""
    return QmpError("Transaction aborted using Abort action")
