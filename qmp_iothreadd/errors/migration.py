"""Migration: its capabilities, parameters and addresses."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def migration_needs_one_address() -> QmpError:
    """Neither of the two ways to say where, or both."""
    return QmpError("need either 'uri' or 'channels' argument")


def migration_protocol_unknown(uri: str) -> QmpError:
    """A URI of a protocol that there is not."""
    return QmpError(f"unknown migration protocol: {uri}")


def migration_blocked() -> QmpError:
    """A machine with CPUs, memory and devices; also the reason that query-migrate gives."""
    return QmpError("the emulated machine has no guest whose state could be saved or sent")


def migration_channel_twice(kind: str) -> QmpError:
    """Two channels of one type."""
    return QmpError(f"Channel list has more than one {kind} entry")


def migration_main_missing() -> QmpError:
    """Channels without the one that carries the machine."""
    return QmpError("Channel list has no main entry")


def migration_offset_bad(text: str) -> QmpError:
    """``file:PATH,offset=`` and something that is no size."""
    return QmpError(f"file URI has bad offset {text}")


def address_unparsed(text: str) -> QmpError:
    """A host without a port."""
    return QmpError(f"error parsing address '{text}'")


def migration_descriptor_invalid(text: str) -> QmpError:
    """``fd:NUMBER``, and the number is none of a descriptor."""
    return QmpError(f"Invalid file descriptor number '{text}'")


def migration_transport_missing(kind: str) -> QmpError:
    """A transport that is not built in."""
    return QmpError(f"{kind} migration is not supported")


def migration_needs_file() -> QmpError:
    """mapped-ram to where nothing can be written in any order."""
    return QmpError("Migration requires seekable transport (e.g. file)")


def migration_needs_channels() -> QmpError:
    """multifd to where there can be one channel only."""
    return QmpError("Migration requires multi-channel URIs (e.g. tcp)")


def migration_write_failed(reason: str) -> QmpError:
    """Whoever should take the machine does not."""
    return QmpError(f"Unable to write to socket: {reason}")


def migration_command_failed(program: str, reason: str) -> QmpError:
    """``exec`` and a command that cannot be run, in GLib's words."""
    return QmpError(f"Failed to execute child process “{program}” ({reason})")


def migration_file_unusable(path: str, reason: str) -> QmpError:
    """``file:`` and a file that cannot be cut off at the offset."""
    return QmpError(f"failed to truncate migration file to offset of '{path}': {reason}")


def migration_running() -> QmpError:
    """A second migration while one is under way."""
    return QmpError("There's a migration process in progress")


def migration_awaited() -> QmpError:
    """migrate of a machine that waits to be loaded."""
    return QmpError("Guest is waiting for an incoming migration")


def migration_done() -> QmpError:
    """migrate of a machine that has gone elsewhere."""
    return QmpError("Can't migrate the vm that was paused due to previous migration")


def migration_not_paused() -> QmpError:
    """migrate with resume, and nothing is to be resumed."""
    return QmpError("Cannot resume if there is no paused migration")


def migration_pause_early() -> QmpError:
    """migrate-pause outside of postcopy."""
    return QmpError(
        "migrate-pause is currently only supported during postcopy-active or postcopy-recover state"
    )


def migration_recover_early() -> QmpError:
    """migrate-recover outside of postcopy."""
    return QmpError("Migrate recover can only be run when postcopy is paused.")


def migration_state_unexpected(status: str) -> QmpError:
    """migrate-continue from a state that the migration is not in."""
    return QmpError(f"Migration not in expected state: {status}")


def postcopy_disabled() -> QmpError:
    """migrate-start-postcopy without the capability."""
    return QmpError("Enable postcopy with migrate_set_capability before the start of migration")


def postcopy_early() -> QmpError:
    """migrate-start-postcopy before migrate."""
    return QmpError("Postcopy must be started after migration has been started")


def incoming_not_asked_for() -> QmpError:
    """migrate-incoming where the command line did not say that it may come."""
    return QmpError("'-incoming' was not specified on the command line")


def incoming_started() -> QmpError:
    """A second migrate-incoming."""
    return QmpError("The incoming migration has already been started")


def load_failed(reason: str) -> QmpError:
    """A machine came, and cannot be taken."""
    return QmpError(f"load of migration failed: Invalid argument: {reason}")


def not_a_migration_stream() -> QmpError:
    """What comes is something else."""
    return QmpError("Not a migration stream")


def stream_ends_early() -> QmpError:
    """What comes is not all of a machine."""
    return QmpError("Stream ends before the machine does")


def stream_of_other_machine(theirs: str, ours: str) -> QmpError:
    """A machine of another type."""
    return QmpError(f"Machine type received is '{theirs}' and local is '{ours}'")


def stream_section_unknown(name: str) -> QmpError:
    """A machine that has what ours has not."""
    return QmpError(
        f"Unknown savevm section or instance '{name}' 0. Make sure that your current VM setup "
        "matches your saved VM setup, including any hotplugged devices"
    )


def stream_has_memory() -> QmpError:
    """A machine that has memory."""
    return QmpError("Unknown ramblock, cannot accept migration")


# -- Capabilities ---------------------------------------------------------------------------------


def capabilities_conflict(text: str) -> QmpError:
    """Two capabilities that exclude each other, or one that lacks another."""
    return QmpError(text)


# -- Parameters -----------------------------------------------------------------------------------


def parameter_out_of_range(name: str, expected: str) -> QmpError:
    """A parameter that cannot have this value."""
    return QmpError(f"Option {name} expects {expected}")


def dirty_limit_too_small() -> QmpError:
    """vcpu-dirty-limit of 0."""
    return QmpError("Parameter 'vcpu-dirty-limit' must be greater than 1 MB/s")


def bitmap_mapping_refused(reason: str) -> QmpError:
    """block-bitmap-mapping that says two things at once."""
    return QmpError(f"Invalid mapping given for block-bitmap-mapping: {reason}")


def bitmap_mapping_in_hmp() -> QmpError:
    """block-bitmap-mapping as text."""
    return QmpError("The block-bitmap-mapping parameter can only be set through QMP")
