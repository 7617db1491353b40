"""Monitors on the command line."""

from __future__ import annotations

import pytest

from qmp_iothreadd import cli
from qmp_iothreadd.daemon.config import Config

DEPRECATED = (
    "warning: '-mon' is deprecated, use '-object' with 'monitor-hmp' or 'monitor-qmp' types instead"
)


def parse(*arguments: str) -> Config:
    config, _ = cli.parse(["prog", "-nodefaults", *arguments])
    return config


def warnings(*arguments: str) -> str:
    return cli.parse(["prog", "-nodefaults", *arguments])[1]


def refusal(*arguments: str) -> str:
    with pytest.raises(cli.CommandLineError) as raised:
        cli.parse(["prog", *arguments])
    return raised.value.text


def test_kinds_of_monitors() -> None:
    config = parse(
        *("-qmp", "null", "-qmp-pretty", "null", "-monitor", "null", "-monitor", "none"),
        *("-chardev", "null,id=c", "-mon", "c", "-chardev", "null,id=d"),
        *("-mon", "chardev=d,id=own,mode=control,pretty=on"),
        *("-chardev", "null,id=e", "-qmp", "chardev:e"),
    )
    assert [(each.id, each.chardev, each.mode, each.pretty) for each in config.monitors] == [
        ("compat_monitor0", "compat_monitor0", "control", False),
        ("compat_monitor1", "compat_monitor1", "control", True),
        ("compat_monitor2", "compat_monitor2", "readline", False),
        ("compat_monitor3", "c", None, False),
        ("own", "d", "control", True),
        ("e", "e", "control", False),
    ]


def test_the_monitors_of_options_without_a_name_are_counted_after_all_short_forms() -> None:
    config = parse(
        *("-chardev", "null,id=a", "-mon", "a", "-chardev", "null,id=b", "-mon", "b"),
        *("-qmp", "null"),
    )
    assert [each.id for each in config.monitors] == [
        "compat_monitor1",
        "compat_monitor2",
        "compat_monitor0",
    ]


def test_a_name_is_not_looked_up_before_the_monitor_is_made() -> None:
    """QEMU counts, and finds only then that the name is taken."""
    config = parse("-mon", "chardev=a,id=compat_monitor0", "-mon", "chardev=b")
    assert [each.id for each in config.monitors] == ["compat_monitor0", "compat_monitor0"]


def test_only_the_first_mon_is_warned_of() -> None:
    assert warnings("-mon", "c") == f"prog: -mon c: {DEPRECATED}\n"
    assert warnings("-mon", "c", "-mon", "d", "--mon", "e") == f"prog: -mon c: {DEPRECATED}\n"
    assert warnings("-qmp", "null", "-monitor", "null") == ""


def test_what_follows_the_warning_is_said_after_it() -> None:
    said = refusal("-mon", "chardev=c,id=x", "-mon", "chardev=c,id=x")
    assert said == (
        f"prog: -mon chardev=c,id=x: {DEPRECATED}\n"
        "prog: -mon chardev=c,id=x: Duplicate ID 'x' for mon\n"
    )
    assert refusal("-mon", "c,foo=1").endswith("prog: -mon c,foo=1: Invalid parameter 'foo'\n")
    assert refusal("-qmp", "null", "-mon", "a,id=compat_monitor0").endswith(
        "Duplicate ID 'compat_monitor0' for mon\n"
    )


# -- What is there by default ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [["-nographic"], ["-S", "-nographic"], ["-nographic", "-chardev", "null,id=c"]]
)
def test_nographic_alone_puts_a_human_monitor_on_the_terminal(arguments: list[str]) -> None:
    config, _ = cli.parse(["prog", *arguments])
    [monitor] = config.monitors
    assert (monitor.id, monitor.mode) == ("compat_monitor0", "readline")
    assert "compat_monitor0" in [chardev.id for chardev in config.chardevs]
    assert config.default_socket is None
    assert config.objects == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["-nodefaults"],
        ["-monitor", "none"],
        ["-monitor", "nonesuch"],  # as QEMU compares
        ["-daemonize", "-nodefaults"],
    ],
)
def test_nographic_puts_none_there_where_that_is_not_left_to_it(arguments: list[str]) -> None:
    config, _ = cli.parse(["prog", "-nographic", *arguments])
    assert config.monitors == []
    assert config.default_socket is None


def test_nographic_beside_other_monitors_is_nothing() -> None:
    config, _ = cli.parse(["prog", "-nographic", "-qmp", "null"])
    assert [each.mode for each in config.monitors] == ["control"]


def test_a_machine_with_ports_has_its_serial_port_on_the_terminal_too() -> None:
    config, _ = cli.parse(["prog", "-nographic", "-M", "pc"])
    assert [(port.kind, port.text, port.monitor) for port in config.ports] == [
        ("serial", "mon:stdio", "compat_monitor0"),
        ("parallel", "null", None),
    ]
    assert (config.monitors, config.default_socket) == ([], None)
    config, _ = cli.parse(["prog", "-nographic", "-M", "pc", "-monitor", "none"])
    assert [port.text for port in config.ports] == ["stdio", "null"]
    config, _ = cli.parse(["prog", "-nographic", "-M", "pc", "-serial", "null"])
    assert [port.text for port in config.ports] == ["null", "null"]
    assert [each.backend["type"] for each in config.chardevs] == ["stdio"]


def test_without_nographic_all_of_that_is_in_a_window() -> None:
    config, _ = cli.parse(["prog", "-M", "pc", "-qmp", "null"])
    assert [(port.kind, port.text) for port in config.ports] == [
        ("serial", "vc:80Cx24C"),
        ("parallel", "vc:80Cx24C"),
    ]
    config, _ = cli.parse(["prog", "-M", "pc", "-nodefaults"])
    assert config.ports == []


def test_beside_a_character_device_the_default_monitor_is_in_a_window() -> None:
    """As QEMU has it where only ``-object`` asks for a monitor."""
    arguments = ["-chardev", "null,id=c", "-object", "monitor-qmp,id=m,chardev=c"]
    config, _ = cli.parse(["prog", *arguments])
    assert [(each.id, each.mode) for each in config.monitors] == [("compat_monitor0", "readline")]
    assert [each.backend["type"] for each in config.chardevs] == ["null", "vc"]
    assert config.default_socket is None
    assert parse(*arguments).monitors == []


def test_nographic_is_refused_where_the_terminal_is_let_go() -> None:
    for more in ([], ["-M", "pc", "-monitor", "null"]):
        said = refusal("-nographic", "-daemonize", *more)
        assert said == "prog: -nographic cannot be used with -daemonize\n"


# -- The escape key -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [("20", 20), ("0x14", 20), ("024", 20), (" 20x", 20), ("0", 0), ("300", 300)],
)
def test_the_key_of_a_mux_is_read_as_strtol_does(text: str, key: int) -> None:
    assert parse("-echr", text).escape_key == key


def test_a_key_that_is_no_number_is_said_and_stands_for_0(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert parse().escape_key == 1
    assert parse("-echr", "x").escape_key == 0
    assert capfd.readouterr().out == "Bad argument to echr\n"
