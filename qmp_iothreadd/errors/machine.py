"""The machine, its CPUs and devices."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def wakeup_unsupported() -> QmpError:
    """system_wakeup on a machine that cannot be suspended."""
    return QmpError("wake-up from suspend is not supported by this guest")


def guest_not_suspended() -> QmpError:
    """system_wakeup of a guest that does not sleep."""
    return QmpError("Unable to wake up: guest is not in suspended state")


def guest_cannot_suspend() -> QmpError:
    """x-guest-act, on a machine that nothing could wake."""
    return QmpError("this machine cannot be suspended")


def no_guest() -> QmpError:
    """x-guest-act, where nothing is booted."""
    return QmpError("there is no guest")


def guest_not_running() -> QmpError:
    """x-guest-act, while the machine is stopped."""
    return QmpError("the guest does not run")


def reset_required() -> QmpError:
    """cont, after a shutdown."""
    return QmpError("Resetting the Virtual Machine is required")


def only_before_initialization() -> QmpError:
    """x-exit-preconfig a second time."""
    return QmpError("The command is permitted only before machine initialization")


def only_after_initialization(command: str) -> QmpError:
    """A command between -preconfig and x-exit-preconfig, where it cannot be had."""
    return QmpError(
        f"The command '{command}' is permitted only after machine initialization has completed"
    )


def machine_unsupported(name: str) -> QmpError:
    """A machine type that there is not."""
    return QmpError(
        f'unsupported machine type: "{name}"', hint="Use -machine help to list supported machines"
    )


def machine_not_built(name: str) -> QmpError:
    """A machine type that QEMU has, and this program has not."""
    return QmpError(
        f'machine type "{name}" is not built in',
        hint="Use -machine help to list supported machines",
    )


def bad_device_model(name: str) -> QmpError:
    """-device: there are none."""
    return QmpError(f"'{name}' is not a valid device model name")


def no_bus(bus: str, model: str) -> QmpError:
    """A device that is plugged into a bus, where there is none."""
    return QmpError(f"No '{bus}' bus found for device '{model}'")


def no_vmbus_bridge(model: str) -> QmpError:
    """A device of Hyper-V's bus, where nothing leads to that."""
    return QmpError(f"{model} device requires vmbus-bridge device")


def no_firmware_dma(model: str) -> QmpError:
    """A device that the firmware is to fill, where there is none."""
    return QmpError(f"{model} device requires fw_cfg with DMA")


def no_firmware_dma_writes(model: str) -> QmpError:
    """A device that the firmware is to say the place of."""
    return QmpError(
        f"{model} requires DMA write support in fw_cfg, which this machine type does not provide"
    )


def dynamic_device_expected() -> QmpError:
    """A device for the system bus, where the machine allows none."""
    return QmpError("Parameter 'driver' expects a dynamic sysbus device type for the machine")


def kernel_unsupported() -> QmpError:
    """-kernel, where there is no memory to load into."""
    return QmpError(
        "The -kernel parameter is not supported (use the generic 'loader' device instead)."
    )


def kernel_missing(option: str) -> QmpError:
    """-initrd or -append without -kernel."""
    return QmpError(f"-{option} only allowed with -kernel option")


def firmware_not_loaded(name: str) -> QmpError:
    """-bios with a file that there is not."""
    return QmpError(f"could not load PC BIOS '{name}'")


def kernel_not_opened(name: str, reason: str) -> QmpError:
    """-kernel with a file that cannot be read."""
    return QmpError(f"could not open kernel file '{name}': {reason}")


def image_not_read(kind: str, name: str, reason: str) -> QmpError:
    """-initrd or -dtb with a file that cannot be read."""
    return QmpError(f"error reading {kind} {name}: {reason}")


def nothing_to_debug(*, has_cpus: bool) -> QmpError:
    """-gdb: there are no CPUs, or they execute nothing."""
    if has_cpus:
        return QmpError("gdbstub: meaningless to attach gdb to CPUs that execute nothing.")
    return QmpError("gdbstub: meaningless to attach gdb to a machine without any CPU.")


def cpu_without_state() -> QmpError:
    """A question for registers, or an exception for a CPU."""
    return QmpError("The CPUs execute nothing, and have no registers")
