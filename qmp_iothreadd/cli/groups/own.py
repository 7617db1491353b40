"""Options that QEMU does not have."""

from __future__ import annotations

from qmp_iothreadd.cli.command_line import CommandLine, Finished
from qmp_iothreadd.cli.option import FILE, Option, set_field, store_text


def _set_schema(line: CommandLine, text: str) -> None:
    line.config.schema.path = text


def _define_symbol(line: CommandLine, text: str) -> None:
    line.config.schema.defines |= {text}


def _install_links(line: CommandLine, text: str) -> None:
    from qmp_iothreadd.cli.install import install_links  # only where asked for

    raise Finished(install_links(text, line.program))


OPTIONS = (
    Option(
        "schema",
        FILE,
        _set_schema,
        "serve this QAPI schema instead of its own",
        early=True,
    ),
    Option(
        "schema-define",
        "CONFIG_X",
        _define_symbol,
        "a symbol that 'if' in the schema finds defined",
        early=True,
    ),
    Option(
        "stub-missing",
        "",
        set_field("stub_missing"),
        "let commands without a function answer the least that is allowed",
    ),
    Option(
        "check-replies",
        "",
        set_field("check_replies"),
        "answer with an error instead of what does not fit the schema",
    ),
    Option("multi-client", "", set_field("multi_client"), "serve all clients of a monitor at once"),
    Option(
        "no-polling", "", set_field("polling", False), "behave as on a platform that cannot poll"
    ),
    Option(
        "metrics", "[HOST:]PORT", store_text("metrics_address"), "serve statistics to Prometheus"
    ),
    Option(
        "install-as",
        "FOLDER",
        _install_links,
        "link the names there that tools start QEMU by (qemu-system-x86_64, ...), and end",
    ),
)
