"""Machines and their CPUs: what is counted, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from qmp_iothreadd import cli
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


def test_options_that_were_dropped_are_for_the_machines_that_libvirt_starts() -> None:
    assert said("-no-acpi") == "prog: -no-acpi: invalid option\n"
    assert said("-no-hpet", "-smp", "2") == "prog: -no-hpet: invalid option\n"
    config = parse("-no-acpi", "-M", "pc", "-no-hpet")
    assert config.machine == {"acpi": "off", "hpet": False, "graphics": False}
    assert "Property 'microvm-machine.hpet' not found" in said("-M", "microvm", "-no-hpet")


@pytest.mark.parametrize("machine", ["pc", "q35", "microvm"])
def test_images_to_load_are_there(machine: str, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.touch()
    there, missing = str(image), str(tmp_path / "missing")
    parse("-M", machine, "-kernel", there, "-initrd", there, "-dtb", there, "-bios", there)
    parse("-M", machine, "-bios", "image", "-L", str(tmp_path))
    parse("-M", machine, "-bios", "qboot.rom")
    why = f"{missing}: No such file or directory\n"
    for arguments, text in [
        (["-bios", missing], f"could not load PC BIOS '{missing}'\n"),
        (["-kernel", missing], f"could not open kernel file '{missing}': {why.split(': ')[1]}"),
        (["-kernel", there, "-initrd", missing], f"error reading initrd {why}"),
        (["-kernel", there, "-dtb", missing], f"error reading dtb {why}"),
    ]:
        assert said("-M", machine, *arguments) == f"prog: {text}"


def test_drives_for_the_first_boot_are_for_machines_that_can_change_them() -> None:
    parse("-M", "pc", "-boot", "once=d")
    for machine in ("none", "microvm"):
        assert "no function defined to set boot device" in said("-M", machine, "-boot", "once=d")


def test_without_graphics_a_board_knows_it() -> None:
    config, _ = cli.parse(["prog", "-M", "pc", "-nographic", "-nodefaults"])
    assert config.machine == {"graphics": False}
    config, _ = cli.parse(["prog", "-M", "pc,graphics=on", "-nographic", "-nodefaults"])
    assert config.machine == {"graphics": True}


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ("sgx-epc=x", "Invalid parameter type for 'sgx-epc', expected: array"),
        ("sgx-epc.0=x", "Invalid parameter type for 'sgx-epc', expected: object"),
        ("sgx-epc.0.memdev=m,sgx-epc.0.node=0", "Device 'm' not found"),
        ("cxl-fmw.0.targets.0=c,cxl-fmw.0.size=x", "Parameter 'cxl-fmw.size' expects size"),
        ("rtc-time=x", "Property 'pc-i440fx-11.1-machine.rtc-time' is not writable"),
        ("acpi=x", "Parameter 'acpi' does not accept value 'x'"),
        ("max-fw-size=x", "Parameter 'max-fw-size' expects size"),
        ("bus-lock-ratelimit=x", "Parameter 'bus-lock-ratelimit' expects integer"),
        ("nvdimm-persistence=x", "-machine nvdimm-persistence=x: unsupported option"),
        ("nope=1", "Property 'pc-i440fx-11.1-machine.nope' not found"),
    ],
)
def test_properties_of_boards_are_of_their_types(properties: str, text: str) -> None:
    assert said("-M", f"pc,{properties}") == f"prog: {text}\n"


def test_windows_for_cxl_memory_are_a_list() -> None:
    config = parse("-M", "q35,cxl=on,cxl-fmw.0.targets.0=cxl.1,cxl-fmw.0.size=4G")
    assert config.machine["cxl-fmw"] == [{"targets": ["cxl.1"], "size": 4 << 30}]


def test_cpus_of_none_are_refused() -> None:
    assert said("-smp", "0").startswith("prog: Invalid CPU topology")


@pytest.mark.parametrize(
    ("machine", "text"), [("none", "node,nodeid=0"), ("q35", "cpu,node-id=0,socket-id=0")]
)
def test_nodes_are_all_that_is_known_of_numa(machine: str, text: str) -> None:
    refusal = f"prog: -numa {text}: NUMA is not supported by this machine-type\n"
    assert said("-M", machine, "-numa", text) == refusal
    config = parse("-M", "q35", "-numa", "node,cpus=0-1,memdev=m")
    assert config.numa_nodes == [
        ("-numa node,cpus=0-1,memdev=m", {"type": "node", "cpus": [0, 1], "memdev": "m"})
    ]


@pytest.mark.parametrize("option", [["-s"], ["-gdb", "tcp::1234"]])
def test_there_is_nothing_to_debug(option: list[str]) -> None:
    text = "gdbstub: meaningless to attach gdb to"
    assert f"{text} a machine without any CPU" in said(*option)
    assert f"{text} CPUs that execute nothing" in said("-M", "q35", *option)


def test_what_a_board_would_send_is_not_dumped(tmp_path: Path) -> None:
    text = "prog: the emulated machine has no guest whose state could be saved or sent\n"
    assert said("-M", "q35", "-dump-vmstate", str(tmp_path / "dump")) == text


def test_members_below_a_count_of_cpus_are_unexpected() -> None:
    assert said("-smp", "cpus.x=3") == "prog: Parameters 'smp.cpus.*' are unexpected\n"


def test_the_model_of_cpus_has_properties() -> None:
    config = parse("-M", "q35", "-cpu", "max,+avx,-sse,hv_relaxed,level=3")
    flags = (("avx", True), ("sse", False))
    assert config.cpu == ("max", (("hv-relaxed", "on"), ("level", "3")), flags)
