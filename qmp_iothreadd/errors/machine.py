"""The machine, its CPUs and devices."""

from __future__ import annotations

from qmp_iothreadd.errors.tree import QmpError


def wakeup_unsupported() -> QmpError:
    """system_wakeup without a guest that could have been suspended."""
    return QmpError("wake-up from suspend is not supported by this guest")


def machine_unsupported(name: str) -> QmpError:
    """A machine type that there is not."""
    return QmpError(
        f'unsupported machine type: "{name}"', hint="Use -machine help to list supported machines"
    )


def too_many_cpus(count: int, machine: str, maximum: int) -> QmpError:
    """-smp asks for more than the machine can have."""
    return QmpError(
        f"Invalid SMP CPUs {count}. The max CPUs supported by machine '{machine}' is {maximum}"
    )


def no_cpus() -> QmpError:
    """-smp with a 0 somewhere."""
    return QmpError("Invalid CPU topology: CPU topology parameters must be greater than zero")


def bad_device_model(name: str) -> QmpError:
    """-device: there are none."""
    return QmpError(f"'{name}' is not a valid device model name")


def kernel_unsupported() -> QmpError:
    """-kernel, where there is no memory to load into."""
    return QmpError(
        "The -kernel parameter is not supported (use the generic 'loader' device instead)."
    )


def kernel_missing(option: str) -> QmpError:
    """-initrd or -append without -kernel."""
    return QmpError(f"-{option} only allowed with -kernel option")


def gdb_without_cpu() -> QmpError:
    """-gdb: there is nothing to debug."""
    return QmpError("gdbstub: meaningless to attach gdb to a machine without any CPU.")
