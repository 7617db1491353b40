"""Migration: settings, status, and the way out of an empty machine."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd import errors
from qmp_iothreadd.machine.migration.channels import main_address
from qmp_iothreadd.machine.migration.incoming import Incoming
from qmp_iothreadd.machine.migration.migration import Migration
from qmp_iothreadd.qmp.registry import Context, command


@command("query-migrate")
def query_migrate(ctx: Context) -> dict[str, Any]:
    """How the last migration went, or goes, of either direction."""
    return ctx.machine.part(Incoming).info() | ctx.machine.part(Migration).info()


@command("query-migrate-capabilities")
def query_capabilities(ctx: Context) -> list[dict[str, Any]]:
    """All capabilities."""
    found = ctx.machine.part(Migration).capabilities
    return [{"capability": name, "state": state} for name, state in found.items()]


@command("migrate-set-capabilities")
def set_capabilities(ctx: Context, capabilities: list[dict[str, Any]]) -> None:
    """Turn capabilities on and off, all or none."""
    wanted = {each["capability"]: each["state"] for each in capabilities}
    ctx.machine.part(Migration).set_capabilities(wanted)


@command("query-migrate-parameters")
def query_parameters(ctx: Context) -> dict[str, Any]:
    """All parameters."""
    return ctx.machine.part(Migration).parameters


@command("migrate-set-parameters")
def set_parameters(ctx: Context, arg: dict[str, Any]) -> None:
    """Set parameters, all or none."""
    ctx.machine.part(Migration).set_parameters(arg)


@command("migrate")
def migrate(
    ctx: Context,
    uri: str | None = None,
    channels: list[dict[str, Any]] | None = None,
    resume: bool | None = None,
) -> None:
    """Begin to migrate; how it goes is for query-migrate to say."""
    address = main_address(uri, channels)
    named = ctx.named_descriptors if address.get("type") == "fd" else {}
    ctx.machine.part(Migration).start(address, resume=bool(resume), named=named)


@command("migrate_cancel")
def migrate_cancel(ctx: Context) -> None:
    """Give up, if a migration is under way."""
    ctx.machine.part(Migration).cancel()


@command("migrate-incoming")
def migrate_incoming(
    ctx: Context,
    uri: str | None = None,
    channels: list[dict[str, Any]] | None = None,
    exit_on_error: bool | None = None,
) -> None:
    """Let a machine come that the command line said may come.

    Raises:
        QmpError: it said nothing of one, or one comes already; or it cannot be listened there.
    """
    incoming = ctx.machine.part(Incoming)
    if incoming.started:
        raise errors.incoming_started()
    if ctx.machine.status != "inmigrate":
        raise errors.incoming_not_asked_for()
    address = main_address(uri, channels)
    named = ctx.named_descriptors if address.get("type") == "fd" else {}
    incoming.start(address, named, exit_on_error=exit_on_error is not False)


@command("migrate-pause")
def migrate_pause(ctx: Context) -> None:
    """Refuse: no migration of ours is in postcopy."""
    raise errors.migration_pause_early()


@command("migrate-recover")
def migrate_recover(ctx: Context, uri: str) -> None:
    """Refuse: no migration of ours is in postcopy."""
    raise errors.migration_recover_early()


@command("migrate-continue")
def migrate_continue(ctx: Context, state: str) -> None:
    """Let a migration go on from a state in which it waits."""
    status = ctx.machine.part(Migration).status
    if status != state:
        raise errors.migration_state_unexpected(status)


@command("migrate-start-postcopy")
def start_postcopy(ctx: Context) -> None:
    """Ask for postcopy, which a migration without memory is done before."""
    migration = ctx.machine.part(Migration)
    if not migration.capabilities["postcopy-ram"]:
        raise errors.postcopy_disabled()
    if migration.status == "none":
        raise errors.postcopy_early()
