"""What people ask of a machine without a guest, and do to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmp_iothreadd.testing import MemoryClient

NO_CPU = "No CPU available\n"
DUMP_REFUSED = "Error: Could not open '/no/where': No such file or directory\n"
DIRTY_LIMIT = "Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU"


@pytest.fixture
def client() -> Iterator[MemoryClient]:
    with MemoryClient() as made:
        made.negotiate()
        yield made


def hmp(client: MemoryClient, line: str) -> str:
    said = client.execute("human-monitor-command", {"command-line": line})
    assert isinstance(said, str)
    return said.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("info pci", ""),
        ("info numa", "0 nodes\n"),
        ("info irq", ""),
        ("info tpm", ""),
        ("info cryptodev", ""),
        ("info usb", "Error: USB support not enabled\n"),
        ("info balloon", "Error: No balloon device has been activated\n"),
        ("info vm-generation-id", "Error: VM Generation ID device not found\n"),
        ("info mice", "No mouse devices connected\n"),
        ("info vnc", "None\n"),
        ("info dump", "Status: none\n"),
        ("info registers", NO_CPU),
        ("info registers -a", ""),
        ("info memory_size_summary", "base memory: 0\nplugged memory: 0\n"),
        ("info stats vm", ""),
        ("info stats x", "invalid stats target x\n"),
        ("info rocker x", "Error: rocker x not found\n"),
        ("info rocker-ports x", "Error: rocker x not found\n"),
        ("info rocker-of-dpa-flows x 1", "Error: rocker x not found\n"),
        ("info rocker-of-dpa-groups x", "Error: rocker x not found\n"),
        ("info virtio-queue-status x 0", "Error: Path x is not a VirtIODevice\n"),
        ("info virtio-vhost-queue-status x 0", "Error: Path x is not a VirtIODevice\n"),
        ("info virtio-queue-element x 0 1", "Error: Path x is not a VirtIO device\n"),
        ("info lapic 0", NO_CPU),
        ("boot_set c", "no function defined to set boot device list for this architecture\n"),
        ("nmi", "Error: machine does not provide NMIs\n"),
        ("announce_self", ""),
        ("x_colo_lost_heartbeat", "Error: VM is not in COLO mode\n"),
        ("replay_break 1", "setting the breakpoint is allowed only in play mode\n"),
        ("replay_delete_break", "replay breakpoints are allowed only in play mode\n"),
        ("info sgx", "SGX is only supported on PC machines\n"),
        ("gva2gpa 0", "No cpu\n"),
        ("dumpdtb /x", "Error: This machine doesn't have a FDT\n"),
        ("dump-guest-memory /no/where", DUMP_REFUSED),
        (
            'pmemsave 0 1 "/no/where"',
            "Error: Could not open '/no/where': No such file or directory\n",
        ),
        (
            "set_vcpu_dirty_limit 5",
            "Error: dirty page limit feature requires KVM with "
            "accelerator property 'dirty-ring-size' set'\n",
        ),
        ("mouse_button 1", ""),
        ("mouse_set 5", "Error: Mouse at index '5' not found\n"),
        ("expire_password vnc now", "Error: Could not set password expire time\n"),
        ("info usernet", ""),
        ("hostfwd_add tcp::1-:1", "user mode network stack not in use\n"),
        ("netdev_add id=h1", "Error: Parameter 'type' is missing\n"),
        ("info qdm", ""),
        ("mce 0 1 2 3 4 5", ""),
        ("mce -b 0 1 2 3 4 5", ""),
        ("pcie_aer_inject_error -a x foo 1 2 3 4", "Error: device 'x' not found\n"),
        ("calc_dirty_rate 0", "Incorrect period length specified!\n"),
        ("calc_dirty_rate -r -b 1", "Either dirty ring or dirty bitmap can be specified!\n"),
        ("calc_dirty_rate 1 5", "Error: sample-pages is out of range[128, 16384].\n"),
        ("set_vcpu_dirty_limit -1", "Error: invalid dirty page limit -1\n"),
        ("cancel_vcpu_dirty_limit", f"[{DIRTY_LIMIT}]\n"),
        ("client_migrate_info spice host", "Error: SPICE is not in use\n"),
        ("client_migrate_info vnc h 1", "Error: Parameter 'protocol' expects 'spice'\n"),
        ("info virtio-status x", "Error: Path x is not a VirtIODevice\n"),
        ("info trace-events no_such", 'unknown event "no_such"\n'),
        ("trace-event no_such on", 'unknown event "no_such"\n'),
        ("balloon 5", "Error: No balloon device has been activated\n"),
        ("sendkey ctrl-alt-f1", ""),
        ("sendkey a-nope", "invalid parameter: nope\n"),
        ("mouse_move 1 1", ""),
        ("cpu 0", "invalid CPU index\n"),
        ("watchdog_action nope", "Error: invalid parameter value: nope\n"),
        ("x/4x 0", "Can not dump without CPU\n"),
        ("xp 16", "0000000000000010: Cannot access memory\n"),
        ("gpa2hva 16", "No memory is mapped at address 0x10\n"),
        ("memsave 0 1 f", NO_CPU),
        ("sum 0 1", "00000\n"),
        ("screendump /tmp/x", "Error: There is no console to take a screendump from\n"),
        ("set_password vnc x", "Error: Could not set password\n"),
        ("replay_seek 1", "replay must be enabled to seek\n"),
        ("exit_preconfig", "Error: The command is permitted only before machine initialization\n"),
        ('qemu-io x "help"', "Error: Cannot find device='' nor node-name='x'\n"),
        (
            "gdbserver",
            "gdbstub: meaningless to attach gdb to a machine without any CPU.\n",
        ),
    ],
)
def test_an_empty_machine_says(client: MemoryClient, line: str, said: str) -> None:
    assert hmp(client, line) == said


def test_the_memory_has_its_two_address_spaces(client: MemoryClient) -> None:
    assert hmp(client, "info mtree").count("address-space: ") == 2
    assert hmp(client, "info mtree -f").count("FlatView #") == 2


def test_a_watchdogs_action_is_kept(client: MemoryClient) -> None:
    assert hmp(client, "watchdog_action none") == ""
    assert client.machine.actions["watchdog"] == "none"


def test_trace_events_are_turned_on_and_listed(client: MemoryClient) -> None:
    assert hmp(client, "trace-event poll_grow on") == ""
    assert hmp(client, "info trace-events poll_grow") == "poll_grow : state 1\n"
    assert "poll_shrink : state 0\n" in hmp(client, "info trace-events")
    hmp(client, "trace-event poll_grow off")


def test_nothing_was_measured(client: MemoryClient) -> None:
    assert hmp(client, "info dirty_rate").endswith("Dirty rate: (not ready)\n")


def test_a_measurement_that_was_begun_is_shown(client: MemoryClient) -> None:
    started = "Starting dirty rate measurement with period 1 seconds\n"
    assert hmp(client, "calc_dirty_rate 1 256").startswith(started)
    assert "Sample Pages: 256 (per GB)\n" in hmp(client, "info dirty_rate")


def test_items_of_the_log_are_checked_and_events_are_traced(client: MemoryClient) -> None:
    assert hmp(client, "log none") == hmp(client, "log in_asm,int") == ""
    assert hmp(client, "log in_asm,nope").startswith("Log items (comma separated):\nnone ")
    said = hmp(client, "log int,trace:no_such,trace:poll_grow")
    assert said == "warning: trace event 'no_such' does not exist\n"
    assert hmp(client, "info trace-events poll_grow") == "poll_grow : state 1\n"
    hmp(client, "trace-event poll_grow off")


def test_the_log_goes_to_another_file(client: MemoryClient, tmp_path: Path) -> None:
    for name in ("first", "second"):
        assert hmp(client, f"logfile {tmp_path}/{name}") == ""
        client.machine.traces.write(f"{name}\n")
    assert [(tmp_path / name).read_text() for name in ("first", "second")] == [
        "first\n",
        "second\n",
    ]
    refusal = f"Error opening logfile {tmp_path}/no/x: No such file or directory\n"
    assert hmp(client, f"logfile {tmp_path}/no/x") == refusal
    client.machine.traces.write("still\n")
    assert (tmp_path / "second").read_text() == "second\nstill\n"


def test_the_ends_of_a_hub_are_shown_together(client: MemoryClient) -> None:
    assert hmp(client, "netdev_add hubport,id=h0,hubid=0") == ""
    assert hmp(client, "info network") == "hub 0\n \\ h0\n"
    assert hmp(client, "netdev_del h0") == hmp(client, "info network") == ""


def test_a_measurement_takes_as_many_samples_as_it_has_to_where_none_are_said(
    client: MemoryClient,
) -> None:
    hmp(client, "calc_dirty_rate 1 (0-1)")
    assert "Sample Pages: 512 (per GB)\n" in hmp(client, "info dirty_rate")
