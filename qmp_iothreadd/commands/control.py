"""The monitor about itself: negotiation, version, commands, schema, quit."""

from __future__ import annotations

from typing import Any

from qmp_iothreadd.json.encoded_once import EncodedText
from qmp_iothreadd.qmp.registry import Context, command


@command("qmp_capabilities")
def qmp_capabilities(ctx: Context, enable: list[str] | None = None) -> None:
    """End negotiation."""
    ctx.negotiate(enable or [])


@command("query-version")
def query_version(ctx: Context) -> dict[str, Any]:
    """The version, as the greeting gives it."""
    return ctx.machine.version_info()


@command("query-commands")
def query_commands(ctx: Context) -> list[dict[str, str]]:
    """The names of all commands that can be called."""
    names, script = ctx.machine.available_commands(), ctx.machine.script
    if script is not None:
        names = script.names(names, ctx.monitor.name)
    return [{"name": name} for name in names]


@command("query-qmp-schema")
def query_qmp_schema(ctx: Context) -> list[dict[str, Any]] | EncodedText:
    """The schema as clients see it."""
    script = ctx.machine.script
    if script is None or not script.hides_control(ctx.monitor.name):
        return ctx.machine.introspection_to_send()
    found: list[dict[str, Any]] = script.introspection()
    return found


@command("quit")
def quit_(ctx: Context) -> None:
    """End the daemon."""
    ctx.machine.shutdown("host-qmp-quit")
