"""What there is not: devices, displays, guest memory, and subsystems of other machines."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import DEVICE_NOT_ACTIVE, QmpError


def no_balloon() -> QmpError:
    """No device can change how much memory the guest has."""
    return QmpError("No balloon device has been activated", DEVICE_NOT_ACTIVE)


def no_hyperv_balloon() -> QmpError:
    """The same, of Hyper-V's kind."""
    return QmpError("no hv-balloon device present")


def no_generation_id() -> QmpError:
    """query-vm-generation-id."""
    return QmpError("VM Generation ID device not found")


def no_firmware_log() -> QmpError:
    """query-firmware-log."""
    return QmpError("firmware log buffer not found")


def no_acpi_device() -> QmpError:
    """query-acpi-ospm-status."""
    return QmpError("command is not supported, missing ACPI device")


def no_hardware_error_source() -> QmpError:
    """inject-ghes-v2-error, which only Arm's machines have."""
    return QmpError("GHES QMP error inject is not compiled in")


def no_rocker(name: str) -> QmpError:
    """No Rocker switch has this name."""
    return QmpError(f"rocker {name} not found")


def no_network_client(name: str) -> QmpError:
    """No network card or back end has this name."""
    return QmpError(f"invalid net client name: {name}")


def no_usb() -> QmpError:
    """x-query-usb."""
    return QmpError("USB support not enabled")


def no_interrupt() -> QmpError:
    """inject-nmi."""
    return QmpError("machine does not provide NMIs")


def no_cpu_hotplug() -> QmpError:
    """query-hotpluggable-cpus."""
    return QmpError("machine does not support hot-plugging CPUs")


def no_device_tree() -> QmpError:
    """dumpdtb."""
    return QmpError("This machine doesn't have a FDT")


def machine_exists() -> QmpError:
    """set-numa-node, which must come before the machine."""
    return QmpError("The command is permitted only before the machine has been created")


# -- Of other machines and accelerators ---------------------------------------------------------


def unsupported_on_target(what: str) -> QmpError:
    """Only IBM Z has it."""
    return QmpError(f"{what} is not supported on this target")


def no_interrupt_controller_of_arm() -> QmpError:
    """query-gic-capabilities."""
    return QmpError("GIC hardware is not available on this target")


def no_storage_keys() -> QmpError:
    """dump-skeys."""
    return QmpError("Storage keys information not available for this architecture")


def no_xen_events() -> QmpError:
    """xen-event-list and xen-event-inject."""
    return QmpError("Xen event channel emulation not enabled")


def kvm_not_enabled() -> QmpError:
    """query-sev-capabilities asks KVM."""
    return QmpError("KVM not enabled")


def no_sev_measurement() -> QmpError:
    """query-sev-launch-measure."""
    return QmpError("SEV launch measurement is not available")


def no_sev_guest() -> QmpError:
    """sev-inject-launch-secret."""
    return QmpError("SEV not enabled for guest")


def no_sev() -> QmpError:
    """query-sev-attestation-report."""
    return QmpError("SEV is not enabled")


def no_sgx_sections() -> QmpError:
    """query-sgx, of a machine that could have it."""
    return QmpError("No EPC regions defined, SGX not available")


def no_sgx_machine() -> QmpError:
    """query-sgx."""
    return QmpError("SGX is only supported on PC machines")


def no_sgx_memory() -> QmpError:
    """query-sgx-capabilities looks for the host's device first: recorded where there is none."""
    return QmpError("Could not open '/dev/sgx_vepc': No such file or directory")


def no_ebpf_object(number: int) -> QmpError:
    """request-ebpf: no program was built in."""
    return QmpError(f"can't find eBPF object with id: {number}")


def no_dirty_limit() -> QmpError:
    """set-vcpu-dirty-limit, which KVM does."""
    return QmpError(
        "dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'"
    )


def not_replicated() -> QmpError:
    """x-colo-lost-heartbeat."""
    return QmpError("VM is not in COLO mode")


def failover_without_stop() -> QmpError:
    """xen-set-replication: to take over goes with stopping."""
    return QmpError("Parameter 'failover' is only for stopping replication")


def cannot_load_while_running() -> QmpError:
    """xen-load-devices-state."""
    return QmpError("Cannot update device state while vm is running")


def cannot_open_stream(path: str, reason: str) -> QmpError:
    """xen-save-devices-state and xen-load-devices-state."""
    return QmpError(f"Unable to open {path}: {reason}")


def device_state_not_saved() -> QmpError:
    """xen-save-devices-state: no room is left, for one."""
    return QmpError("saving Xen device state failed")


def device_state_not_loaded() -> QmpError:
    """xen-load-devices-state of what is no such state."""
    return QmpError("loading Xen device state failed")


def cannot_break_replay() -> QmpError:
    """replay-break, where nothing is replayed."""
    return QmpError("setting the breakpoint is allowed only in play mode")


def no_replay_break() -> QmpError:
    """replay-delete-break."""
    return QmpError("replay breakpoints are allowed only in play mode")


def cannot_seek_replay() -> QmpError:
    """replay-seek."""
    return QmpError("replay must be enabled to seek")


def virtio_without_state(path: str) -> QmpError:
    """What a guest's driver would have told a virtio device."""
    return QmpError(f"No driver has set up the device at {path}")


def not_a_virtio_device(path: str, what: str) -> QmpError:
    """``what``: VirtIODevice, or VirtIO device where an element of a queue is asked for."""
    return QmpError(f"Path {path} is not a {what}")


def path_unresolved() -> QmpError:
    """Commands about CXL devices: nothing has this path."""
    return QmpError("Unable to resolve path")


def not_a_cxl_device() -> QmpError:
    """The same, where something has it."""
    return QmpError("Path does not point to a CXL type 3 device")


def poison_length() -> QmpError:
    """cxl-inject-poison."""
    return QmpError("Poison injection must be in multiples of 64 bytes")


def poison_start() -> QmpError:
    """cxl-inject-poison."""
    return QmpError("Poison start address must be 64 byte aligned")


# -- Displays -----------------------------------------------------------------------------------


def spice_unused() -> QmpError:
    """There is no SPICE server."""
    return QmpError("SPICE is not in use", DEVICE_NOT_ACTIVE)


def dbus_display_unused() -> QmpError:
    """There is no display on D-Bus."""
    return QmpError("D-Bus display is not in use", DEVICE_NOT_ACTIVE)


def no_vnc_display() -> QmpError:
    """display-reload and display-update."""
    return QmpError("Can not find vnc display")


def password_not_set() -> QmpError:
    """set_password and change-vnc-password."""
    return QmpError("Could not set password")


def password_expiry_not_set() -> QmpError:
    """expire_password."""
    return QmpError("Could not set password expire time")


def not_a_password_time(text: str) -> QmpError:
    """expire_password: neither now, never, a number, nor + and a number."""
    return QmpError(f"Parameter 'time' doesn't take value '{text}'")


def no_console() -> QmpError:
    """screendump."""
    return QmpError("There is no console to take a screendump from")


def head_without_device() -> QmpError:
    """screendump."""
    return QmpError("'head' must be specified together with 'device'")


def no_input_handler(kind: str) -> QmpError:
    """input-send-event: no device takes input of this kind."""
    return QmpError(f"Input handler not found for event type {kind}")


def client_not_a_socket(member: str) -> QmpError:
    """add_client: the descriptor is of something else."""
    return QmpError(f"parameter @{member} must name a socket")


def client_protocol_unknown(name: str) -> QmpError:
    """add_client: neither a server nor a character device."""
    return QmpError(f"protocol '{name}' is invalid")


# -- Guest memory -------------------------------------------------------------------------------


def no_guest_memory() -> QmpError:
    """dump-guest-memory."""
    return QmpError("dump: no guest memory to dump")


def dump_format_unfiltered() -> QmpError:
    """dump-guest-memory: paging and filters are for ELF."""
    return QmpError("kdump-compressed format doesn't support paging or filter")


def dump_format_unavailable(name: str) -> QmpError:
    """dump-guest-memory: a compression that is not built in."""
    return QmpError(f"{name} is not available now")


def bad_memory_range(address: int, size: int) -> QmpError:
    """memsave of more than there is."""
    return QmpError(f"Invalid addr 0x{address & (2**64 - 1):016x}/size {size} specified")


def memory_not_saved(path: str) -> QmpError:
    """pmemsave: the file cannot be that large."""
    return QmpError(f"writing memory to '{path}' failed")


def already_measuring() -> QmpError:
    """calc-dirty-rate."""
    return QmpError("the dirty rate is already being measured.")


def time_out_of_range(low_ms: int, high_ms: int) -> QmpError:
    """calc-dirty-rate."""
    return QmpError(f"Calculation time is out of range [{low_ms}ms, {high_ms}ms].")


def sample_pages_out_of_range(low: int, high: int) -> QmpError:
    """calc-dirty-rate."""
    return QmpError(f"sample-pages is out of range[{low}, {high}].")


def sample_pages_unused() -> QmpError:
    """calc-dirty-rate in another mode."""
    return QmpError("sample-pages is used only in page-sampling mode")


def measure_mode_disabled(mode: str) -> QmpError:
    """calc-dirty-rate in a mode that KVM must offer."""
    return QmpError(f"mode {mode} is not enabled, use other method instead.")


# -- Processors and options ---------------------------------------------------------------------


def no_cpu_model(name: str) -> QmpError:
    """query-cpu-model-expansion."""
    return QmpError(f"CPU model '{name}' not found")


def no_option_list(name: str) -> QmpError:
    """query-command-line-options."""
    return QmpError(f"invalid option name: {name}")


def sync_profile_operation_unknown(name: str) -> QmpError:
    """The human monitor's sync-profile."""
    return QmpError(f"invalid parameter '{name}', expecting 'on', 'off', or 'reset'")


def dirty_limit_invalid(limit: int) -> QmpError:
    """set_vcpu_dirty_limit below zero."""
    return QmpError(f"invalid dirty page limit {limit}")
