"""Machines and their CPUs: what is counted, and what is refused."""

from __future__ import annotations

import pytest

from tests.cli.lines import parse, said


def test_an_unknown_machine_is_refused_with_a_hint() -> None:
    assert said("-M", "nope") == (
        'prog: unsupported machine type: "nope"\nUse -machine help to list supported machines\n'
    )


@pytest.mark.parametrize(
    ("cpus", "arguments"),
    [
        (2, ["-smp", "2,sockets=2,cores=1"]),
        (12, ["-smp", "sockets=2,cores=3,threads=2"]),
        (3, ["-smp", "4", "-smp", "cpus=3"]),
        (5, ["-machine", "smp.cpus=5"]),
    ],
)
def test_cpus_are_counted_as_qemu_counts_them(cpus: int, arguments: list[str]) -> None:
    assert said(*arguments).startswith(f"prog: Invalid SMP CPUs {cpus}. The max CPUs supported")
    parse("-M", "q35", *arguments)


def test_cpus_of_none_are_refused() -> None:
    assert said("-smp", "0").startswith("prog: Invalid CPU topology")


def test_there_is_no_cpu_to_debug() -> None:
    for option in (["-s"], ["-gdb", "tcp::1234"]):
        assert "meaningless to attach gdb to a machine without any CPU" in said(*option)


def test_members_below_a_count_of_cpus_are_unexpected() -> None:
    assert said("-smp", "cpus.x=3") == "prog: Parameters 'smp.cpus.*' are unexpected\n"


def test_properties_of_cpus_have_a_form() -> None:
    parse("-M", "q35", "-cpu", "max,+avx,-sse,hv_relaxed,level=3")
    assert said("-M", "q35", "-cpu", "max,=x") == "prog: Invalid parameter '=x'\n"
