"""Serial and parallel ports on the command line, of which there are the character devices."""

from __future__ import annotations

import pytest

from qmp_iothreadd import cli


def said(*arguments: str) -> str:
    config, _ = cli.parse(["prog", "-nodefaults", *arguments])
    assert config.backend_error is None
    assert config.port_error is not None
    return config.reporter.format_error(config.port_error)


def ports(*arguments: str) -> list[tuple[str, list[str], str | None]]:
    """What ports use, what is made for them, and the monitors that share it."""
    config, _ = cli.parse(["prog", "-nodefaults", *arguments])
    assert config.port_error is None
    assert (config.chardevs, config.monitors) == ([], [])
    return [(port.chardev, [made.id for made in port.made], port.monitor) for port in config.ports]


def test_ports_have_numbers_of_their_own_and_are_made_by_kind() -> None:
    given = "-parallel none -serial null -parallel vc -serial none -serial pty"
    assert ports(*given.split(" ")) == [
        ("serial0", ["serial0"], None),
        ("serial2", ["serial2"], None),
        ("parallel0", ["parallel0"], None),
    ]


def test_a_port_may_share_its_device_with_a_monitor() -> None:
    assert ports("-serial", "mon:stdio") == [
        ("serial0", ["serial0-base", "serial0"], "compat_monitor0")
    ]


def test_a_port_may_use_a_device_that_there_is() -> None:
    assert ports("-serial", "chardev:c") == [("c", [], None)]


def test_the_id_of_a_ports_device_is_only_taken_by_others() -> None:
    config, _ = cli.parse(["prog", "-nodefaults", "-serial", "null", "-serial", "null"])
    assert config.chardev_options is not None
    assert config.chardev_options.given == []
    assert said("-chardev", "null,id=serial0", "-serial", "null") == (
        "prog: -serial null: Duplicate ID 'serial0' for chardev\n"
        "prog: -serial null: could not connect serial device to character backend 'null'\n"
    )


@pytest.mark.parametrize(
    ("option", "text", "messages"),
    [
        (
            "-serial",
            "foo",
            [
                "'foo' is not a valid char driver",
                "could not connect serial device to character backend 'foo'",
            ],
        ),
        ("-serial", "vc:", ["could not connect serial device to character backend 'vc:'"]),
        (
            "-parallel",
            "con:",
            [
                "'console' is not a valid char driver name",
                "could not connect parallel device to character backend 'con:'",
            ],
        ),
        (
            "-debugcon",
            "none",
            ["'none' is not a valid char driver", "invalid character backend 'none'"],
        ),
        ("-debugcon", "null", ["No 'ISA' bus found for device 'isa-debugcon'"]),
    ],
)
def test_ports_that_cannot_be_had(option: str, text: str, messages: list[str]) -> None:
    assert said(option, text) == "".join([f"prog: {option} {text}: {each}\n" for each in messages])


def test_there_are_three_parallel_ports() -> None:
    assert len(ports(*["-parallel", "null"] * 3)) == 3
    assert said(*["-parallel", "null"] * 4) == "prog: -parallel null: too many parallel ports\n"


def test_what_is_wrong_with_a_port_is_said_after_those_before_are_made() -> None:
    config, _ = cli.parse(["prog", "-nodefaults", "-serial", "null", "-serial", "x"])
    assert config.port_error is not None
    assert [port.chardev for port in config.ports] == ["serial0"]
